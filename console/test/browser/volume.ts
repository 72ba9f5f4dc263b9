// A hundred thousand alarms in one list. The rows are made in the page, for what is looked at is the table, not the store.

import assert from "node:assert/strict";
import { Person } from "./site.ts";

const ROWS = 100_000;
/** Rows that may stand in the document, of however many. */
const IN_DOCUMENT = 60;

/** Runs in the page before its own script: the list's answer has very many rows, made after its first one. */
function multiply(rows: number): void {
  const ask = globalThis.fetch;
  globalThis.fetch = async (...args: Parameters<typeof fetch>) => {
    const answer = await ask(...args);
    if (!String(args[0]).startsWith("/api/v1/alarms?")) return answer;
    const list = (await answer.json()) as { alarms: { id: string; case: string }[] };
    const [first] = list.alarms;
    const alarms = Array.from({ length: rows }, (_, index) => ({ ...first, id: index.toString(16).padStart(32, "0"), case: `case ${index}` }));
    return { ok: true, status: 200, json: async () => ({ ...list, alarms, total: rows, next: null }) } as unknown as Response;
  };
}

/** Scrolls from the beginning to the end; how long frames took, ms. */
async function scroll(): Promise<number[]> {
  const place = document.querySelector(".long-table");
  const frame = () => new Promise<number>((done) => requestAnimationFrame(done));
  const took: number[] = [];
  if (!place) return took;
  let before = await frame();
  for (let step = 1; step <= 60; step += 1) {
    place.scrollTop = ((place.scrollHeight - place.clientHeight) * step) / 60;
    const now = await frame();
    took.push(now - before);
    before = now;
  }
  await frame();
  return took.sort((a, b) => a - b);
}

export async function volumeStory(zhou: Person): Promise<void> {
  const { page } = zhou;
  await page.addInitScript(multiply, ROWS);
  await zhou.open("/alarms");
  await page.getByText(`共 ${ROWS.toLocaleString("en-US")} 条`).waitFor();
  const took = await page.evaluate(scroll);
  console.log(`100,000 alarms: a frame took ${Math.round(took[30] ?? 0)} ms in the middle, ${Math.round(took.at(-1) ?? 0)} ms at most`);
  await page.getByText(`case ${ROWS - 1}`, { exact: true }).waitFor();
  assert.ok((await page.locator(".long-table tbody tr").count()) < IN_DOCUMENT);
  await page.getByRole("region", { name: "报警中心" }).press("Home");
  await page.getByText("case 0", { exact: true }).waitFor();
}
