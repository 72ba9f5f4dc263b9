// What the stories have in common: pictures, and whether a command was taken.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import type { Person } from "./site.ts";

/** Pictures for docs/ where it is named, else only to look at. */
const SHOTS = process.env["XIEZHI_SHOTS"] ?? "build/shots";
/** Of a long page, its beginning, px. */
const TALLEST = 1_500;

export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(SHOTS, { recursive: true });
  const { width, height } = await page.evaluate(() => ({ width: document.documentElement.clientWidth, height: document.documentElement.scrollHeight }));
  const clip = { x: 0, y: 0, width, height: Math.min(height, TALLEST) };
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true, clip });
}

/** Waits until a command stands in the log. What the page says in its place is why the test fails. */
export async function recorded(person: Person): Promise<void> {
  const done = person.page.getByText(/^已记入日志/).first();
  const trouble = person.page.getByRole("dialog").getByRole("alert");
  await done.or(trouble).first().waitFor();
  assert.deepEqual(await trouble.allInnerTexts(), []);
}
