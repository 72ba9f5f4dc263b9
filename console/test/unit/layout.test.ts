import assert from "node:assert/strict";
import { test } from "node:test";
import { toCsv } from "../../src/pure/csv.ts";
import { spanOf, type Fact, type Limit } from "../../src/pure/facts.ts";
import { layoutFlow } from "../../src/pure/flow.ts";
import { shade, weekOf } from "../../src/pure/heat.ts";
import { regionName, regionTree } from "../../src/pure/regions.ts";
import { allowed } from "../../src/pure/review.ts";
import { visibleRows } from "../../src/pure/rows.ts";
import { columnName, workbook } from "../../src/pure/xlsx.ts";
import { ZONE } from "../../src/pure/time.ts";

test("a table for spreadsheets quotes, and no cell is a formula", () => {
  const csv = toCsv(["a", "b"], [["x,\"y\"", 1], ["=1+1", null]]);
  assert.equal(csv, "\uFEFFa,b\r\n\"x,\"\"y\"\"\",1\r\n'=1+1,\r\n");
});

test("a workbook keeps numbers as numbers and text as text", () => {
  const files = workbook("报警", ["a", "b"], [["=1+1 <x> & \u0001", 12.5], [null, -1]]);
  const sheet = files["xl/worksheets/sheet1.xml"] ?? "";
  assert.match(sheet, /<c r="A2" s="0" t="inlineStr"><is><t xml:space="preserve">=1\+1 &lt;x&gt; &amp; <\/t><\/is><\/c><c r="B2" s="0"><v>12.5<\/v><\/c>/);
  assert.match(sheet, /<row r="3"><c r="B3" s="0"><v>-1<\/v><\/c><\/row>/);
  assert.ok(sheet.includes('<autoFilter ref="A1:B3"/>') && files["xl/workbook.xml"]?.includes('<sheet name="报警"'));
  assert.deepEqual([0, 25, 26, 701, 702].map(columnName), ["A", "Z", "AA", "ZZ", "AAA"]);
});

const fact = (type: string, time: number, data: Record<string, unknown> = {}): Fact => ({ type, time, data });
const limit = (scope: Limit["scope"]): Limit => ({ id: "l", scope, days: 1, unit: "calendar_day" });

test("a step's clock is its visit's", () => {
  const facts = [
    fact("step.started", 1, { step: "a" }), fact("step.returned", 2, { from: "a", to: "b" }),
    fact("clock.suspended", 3, { step: "b" }), fact("step.started", 4, { step: "a" }),
    fact("clock.suspended", 5), fact("clock.resumed", 6), fact("step.completed", 7, { step: "a" }),
  ];
  assert.deepEqual(spanOf(limit({ step: "a" }), 1, facts), { start: 1, end: 2, suspensions: [{ from: 5, to: 6 }] });
  assert.deepEqual(spanOf(limit({ step: "a" }), 2, facts), { start: 4, end: 7, suspensions: [{ from: 5, to: 6 }] });
  assert.equal(spanOf(limit({ step: "c" }), 1, facts), null);
});

test("a range ends with the last completion, unless its last step is open again", () => {
  const facts = [fact("step.started", 1, { step: "a" }), fact("step.started", 2, { step: "b" }), fact("step.completed", 3, { step: "b" })];
  assert.equal(spanOf(limit({ from: "a", to: "b" }), null, facts)?.end, 3);
  assert.equal(spanOf(limit({ from: "a", to: "b" }), null, [...facts, fact("step.started", 4, { step: "b" })])?.end, null);
  assert.equal(spanOf(limit("case"), null, [fact("case.accepted", 1), fact("case.withdrawn", 9)])?.end, 9);
});

test("neighbours are straight, what passes or returns has a lane of its own", () => {
  const flow = layoutFlow([{ id: "a", next: ["b", "c"] }, { id: "b", next: ["c", "a"] }, { id: "c", next: ["a", "gone"] }]);
  assert.deepEqual(flow.arrows.map((arrow) => `${arrow.from}${arrow.to} ${arrow.kind}`), ["ab next", "ac skip", "bc next", "ba back", "ca back"]);
  const backs = flow.arrows.filter((arrow) => arrow.kind === "back").map((arrow) => /V([\d.]+)H/.exec(arrow.path)?.[1]);
  assert.notEqual(backs[0], backs[1]);
});

test("hours of many weeks are one week", () => {
  const at = (text: string) => Date.parse(`${text}+08:00`);
  const week = weekOf([
    { at: at("2026-03-02T09:00"), count: 2, link: "old" }, { at: at("2026-03-09T09:00"), count: 3, link: "new" }, { at: at("2026-03-08T23:00"), count: 1, link: "x" },
  ], ZONE);
  assert.equal(week.rows[0]?.[9]?.count, 5);
  assert.deepEqual(week.rows[0]?.[9]?.parts.map((part) => part.link), ["new", "old"]);
  assert.equal(week.rows[6]?.[23]?.count, 1);
  assert.deepEqual([0, 1, 5].map((count) => shade(count, 5)), [0, 1, 5]);
});

test("rows in the document are those in view and a few around", () => {
  assert.deepEqual(visibleRows(0, 440, 44, 100_000), { first: 0, last: 22 });
  assert.deepEqual(visibleRows(4_399_560, 440, 44, 100_000), { first: 99_978, last: 100_000 });
  assert.deepEqual(visibleRows(0, 440, 44, 0), { first: 0, last: 0 });
});

test("a region holds what is below it, and is called after its government", () => {
  const tree = regionTree([{ region: "990102", count: 2, link: "" }, { region: "990100", count: 1, link: "" }, { region: "", count: 4, link: "" }]);
  assert.deepEqual(tree.map((node) => [node.region, node.depth, node.total]), [["", 0, 4], ["990100", 0, 3], ["990102", 1, 2]]);
  assert.equal(regionName("990102", [{ name: "东湖区城市管理局", region: "990102" }, { name: "东湖区人民政府", region: "990102" }]), "东湖区");
  assert.equal(regionName("110000", []), "110000");
});

test("nobody is offered his own work to pass, nor another's turn", () => {
  const version = { state: "submitted", authors: ["li"], legally_passed_by: "fang", submitted_by: "li", first_passed_by: null, dry_run: {} };
  assert.deepEqual(allowed(version, ["supervision_office"], "chen"), ["pass_first", "return"]);
  assert.deepEqual(allowed({ ...version, dry_run: null }, ["supervision_office"], "chen"), ["return"]);
  assert.deepEqual(allowed(version, ["supervision_office"], "li"), []);
  assert.deepEqual(allowed(version, ["supervision_bureau"], "zhou"), []);
  assert.deepEqual(allowed(version, ["submitter"], "li"), ["attach_dry_run", "withdraw"]);
});
