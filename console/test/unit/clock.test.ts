import assert from "node:assert/strict";
import { test } from "node:test";
import { Calendar } from "../../src/pure/calendar.ts";
import { lastDay, layoutClock, MAX_DAYS, type ClockFacts } from "../../src/pure/clock.ts";
import { ZONE } from "../../src/pure/time.ts";

// 2026: 1 to 7 October are off, Saturday 10 October is worked.
const off = Array.from({ length: 7 }, (_, index) => `2026-10-0${index + 1}`);
const calendar = new Calendar([{ year: 2026, holidays: off, workdays: ["2026-10-10"] }]);
const at = (text: string) => Date.parse(`${text}+08:00`);
const facts = (more: Partial<ClockFacts>): ClockFacts => ({
  start: at("2026-09-28T10:00"), due: null, end: null, now: at("2026-10-12T12:00"), unit: "working_day", suspensions: [], zone: ZONE, ...more,
});
const days = (more: Partial<ClockFacts>) => layoutClock(facts(more), calendar).weeks.flat().filter((day) => day !== null);
const counted = (more: Partial<ClockFacts>) => days(more).filter((day) => day.counted !== null).map((day) => day.date.slice(5));

test("working days count from the day after, holidays do not, make-up days do", () => {
  assert.deepEqual(counted({}), ["09-29", "09-30", "10-08", "10-09", "10-10", "10-12"]);
});

test("calendar days all count", () => {
  assert.equal(counted({ unit: "calendar_day" }).length, 14);
});

test("an instant due at midnight is the end of the day before", () => {
  assert.equal(lastDay(at("2026-10-09T00:00"), ZONE), "2026-10-08");
  const layout = layoutClock(facts({ due: at("2026-10-09T00:00") }), calendar);
  assert.equal(layout.counted, 3);
  assert.equal(layout.lateDays, 4);
});

test("days of a suspension stand still: after its beginning, up to its end", () => {
  const suspensions = [{ from: at("2026-09-29T09:00"), to: at("2026-10-08T09:00") }];
  assert.deepEqual(counted({ suspensions }), ["09-29", "10-09", "10-10", "10-12"]);
  assert.deepEqual(counted({ suspensions: [{ from: at("2026-09-29T09:00"), to: null }] }), ["09-29"]);
});

test("what was done in time is not late, and the marks stand where they belong", () => {
  const done = days({ due: at("2026-10-13T00:00"), end: at("2026-10-09T16:00") });
  assert.ok(done.every((day) => !day.late));
  const marks = done.filter((day) => day.marks.length > 0).map((day) => [day.date.slice(5), ...day.marks]);
  assert.deepEqual(marks, [["09-28", "start"], ["10-09", "end"], ["10-12", "due", "today"]]);
});

test("columns are weeks of seven, and very long clocks are cut", () => {
  const layout = layoutClock(facts({ now: at("2028-10-12T12:00") }), calendar);
  assert.ok(layout.cut);
  assert.ok(layout.weeks.every((week) => week.length === 7));
  assert.equal(layout.weeks.flat().filter((day) => day !== null).length, MAX_DAYS);
});
