import assert from "node:assert/strict";
import { test } from "node:test";
import { deltas } from "../../src/pure/dry_run.ts";
import { arrows, bulk, MOST_ALARMS, offered, shortNumber, waitsFor, type OrderState, type Person } from "../../src/pure/orders.ts";

const FIRST = "o-2026-0001";
const SECOND = "o-2026-0002";
const person = (id: string, role: string, orgs: string[] = ["o"]): Person => ({ id, grants: [{ role, orgs }] });
const order = (stage: string, task?: string): OrderState =>
  ({ number: FIRST, org: "o", stage, tasks: task ? [{ number: SECOND, handler: "wang", state: task }] : [] });
const acts = (of: OrderState, who: Person) => offered(of, who).map((act) => `${act.do} ${shortNumber(act.number)}`);

test("each office is offered what it may do, at the number that it is done to", () => {
  const [bureau, office, handler] = [person("zhou", "supervision_bureau"), person("chen", "supervision_office"), person("wang", "handler")];
  assert.deepEqual(acts(order("open"), office), ["assign 2026-0001"]);
  assert.deepEqual(acts(order("assigned", "pending"), handler), ["answer 2026-0002"]);
  assert.deepEqual(acts(order("assigned", "pending"), person("liu", "handler")), []);
  assert.deepEqual(acts(order("assigned", "pending"), office), ["assign 2026-0001", "withdraw 2026-0002"]);
  assert.deepEqual(acts(order("answered", "answered"), office), ["reply 2026-0001", "assign 2026-0001"]);
  assert.deepEqual(acts(order("replied", "answered"), bureau), ["revoke 2026-0001", "uphold 2026-0001", "send_back 2026-0001", "withdraw 2026-0001"]);
  for (const who of [bureau, office, handler]) assert.deepEqual(acts(order("revoked", "answered"), who), []);
});

test("a role for another organisation counts for nothing", () => {
  assert.deepEqual(acts(order("open"), person("sun", "supervision_office", ["other"])), []);
  assert.deepEqual(acts(order("open"), { id: "x", grants: [{ role: "supervision_office", everywhere: true }] }), ["assign 2026-0001"]);
});

test("the chain goes from lane to lane, and shows whose turn it is", () => {
  const done = (deed: string, number: string, handler?: string) => ({ at: "2026-11-28T00:00:00.000Z", person: "p", do: deed, order: number, handler: handler ?? null });
  const chain = arrows(FIRST, [done("open", FIRST), done("assign", SECOND, "wang"), done("notice", FIRST), done("answer", SECOND), done("reply", FIRST), done("revoke", FIRST), done("withdraw", SECOND)]);
  const lane = { supervision_bureau: "B", supervision_office: "O", handler: "H" };
  assert.deepEqual(chain.map((step) => `${step.do} ${lane[step.from]}${lane[step.to]}`), ["open BO", "assign OH", "answer HO", "reply OB", "revoke BB", "withdraw OO"]);
  assert.equal(chain[1]?.meant, "wang");
  assert.deepEqual(["open", "assigned", "answered", "replied", "returned", "upheld"].map(waitsFor), ["supervision_office", "handler", "supervision_office", "supervision_bureau", "supervision_office", null]);
});

test("one order is about one organisation's alarms, and not about too many", () => {
  const alarm = (org: string, state = "raised") => ({ org, state });
  assert.equal(bulk([alarm("a"), alarm("a", "cleared")]), null);
  assert.equal(bulk([]), "none");
  assert.equal(bulk([alarm("a"), alarm("b")]), "several_orgs");
  assert.equal(bulk([alarm("a"), alarm("a", "retracted")]), "retracted");
  assert.equal(bulk(Array.from({ length: MOST_ALARMS + 1 }, () => alarm("a"))), "too_many");
});

test("what a dry run found is summed up, months in order", () => {
  const counts = (added: number, removed: number, changed: number) => ({ added, removed, changed });
  const groups = [
    { kind: "evidence", org: "a", month: "2026-02", counts: counts(1, 0, 0) },
    { kind: "time_limit", org: "a", month: "2026-01", counts: counts(0, 2, 3) },
    { kind: "evidence", org: "b", month: "2026-01", counts: counts(1, 0, 1) },
  ];
  assert.deepEqual(deltas(groups, "kind").map((sum) => sum.key), ["time_limit", "evidence"]);
  assert.deepEqual(deltas(groups, "month"), [{ key: "2026-01", ...counts(1, 2, 4) }, { key: "2026-02", ...counts(1, 0, 0) }]);
});
