import assert from "node:assert/strict";
import { test } from "node:test";
import { addDays, civilDate, dayWords, daysBetween, duration, exact, instantWords, relative, startOfDay, weekday } from "../../src/pure/time.ts";

const AT = Date.parse("2026-03-02T01:30:05.040Z");

test("a civil date is the zone's, at midnight as well", () => {
  assert.equal(civilDate(Date.parse("2026-03-01T16:00:00Z")), "2026-03-02");
  assert.equal(civilDate(Date.parse("2026-03-01T15:59:59.999Z")), "2026-03-01");
  assert.equal(new Date(startOfDay("2026-03-02")).toISOString(), "2026-03-01T16:00:00.000Z");
});

test("a day begins where the clock says so, summer time or not", () => {
  assert.equal(new Date(startOfDay("2026-03-29", "Europe/Rome")).toISOString(), "2026-03-28T23:00:00.000Z");
  assert.equal(new Date(startOfDay("2026-03-30", "Europe/Rome")).toISOString(), "2026-03-29T22:00:00.000Z");
});

test("words are short, and what stands behind them is exact", () => {
  assert.equal(instantWords(AT, "zh", AT), "3月2日 09:30");
  assert.equal(instantWords(AT, "en", Date.parse("2027-01-01T00:00:00Z")), "2 Mar 2026 09:30");
  assert.equal(dayWords("2025-12-31", "zh", "2026-01-01"), "2025年12月31日");
  assert.equal(exact(AT), "2026-03-02 09:30:05.040 +08:00");
  assert.equal(exact(-1, "UTC"), "1969-12-31 23:59:59.999 +00:00");
});

test("how long, by two units", () => {
  assert.equal(duration(9 * 86_400_000 + 9 * 3_600_000 + 59_000, "zh"), "9 天 9 小时");
  assert.equal(duration(61_000, "en"), "1 min 1 s");
  assert.equal(duration(86_400_000, "en"), "1 d");
  assert.equal(duration(0, "zh"), "0 秒");
  assert.equal(relative(AT - 3 * 86_400_000, "en", AT), "3 days ago");
});

test("days are counted in civil dates", () => {
  assert.equal(addDays("2026-02-28", 1), "2026-03-01");
  assert.equal(daysBetween("2026-02-28", "2026-03-02"), 2);
  assert.deepEqual(["2026-03-02", "2026-03-08"].map(weekday), [1, 7]);
});
