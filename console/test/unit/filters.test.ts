import assert from "node:assert/strict";
import { test } from "node:test";
import { alarmsAddress, consoleLink, EVERYTHING, isEverything, readFilter, withField, writeFilter } from "../../src/pure/filters.ts";

const round = (text: string) => writeFilter(readFilter(new URLSearchParams(text))).toString();

test("an address says what is meant, and says it in one way", () => {
  const text = "org=a+b&kind=evidence&light=red&axis=violated&from=2026-03-01T16%3A00%3A00.000Z";
  assert.equal(round(text), text);
  assert.equal(round(`light=red&org=a+b&nonsense=1&kind=evidence&from=2026-03-01T16%3A00%3A00.000Z&axis=violated`), text);
  assert.equal(round("region=&light=red&light=yellow"), "region=&light=red&light=yellow");
});

test("an axis that does not exist is the usual one", () => {
  assert.equal(readFilter(new URLSearchParams("axis=wrong")).axis, "raised");
});

test("a link of the API is an address of the console", () => {
  assert.equal(consoleLink("/api/v1/alarms?kind=evidence&light=red"), "/alarms?kind=evidence&light=red");
  assert.equal(alarmsAddress(withField(EVERYTHING, "case", ["济/1"])), "/alarms?case=%E6%B5%8E%2F1");
});

test("no values are no filter", () => {
  const filter = withField(withField(EVERYTHING, "light", ["red"]), "light", []);
  assert.ok(isEverything(filter));
  assert.equal(alarmsAddress(filter), "/alarms");
});
