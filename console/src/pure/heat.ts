// Hours of history as a week: seven rows of twenty-four cells, each with the hours it was made of and their lists.

import { civil, civilDate, weekday } from "./time.ts";

export interface HourCount {
  at: number;
  count: number;
  link: string;
}

export interface Cell {
  count: number;
  /** Newest first. */
  parts: HourCount[];
}

export interface Week {
  /** Monday first. */
  rows: Cell[][];
  most: number;
}

export function weekOf(hours: HourCount[], zone: string): Week {
  const rows = Array.from({ length: 7 }, () => Array.from({ length: 24 }, (): Cell => ({ count: 0, parts: [] })));
  for (const hour of hours) {
    const cell = rows[weekday(civilDate(hour.at, zone)) - 1]?.[civil(hour.at, zone).hour];
    if (!cell) continue;
    cell.count += hour.count;
    cell.parts.push(hour);
  }
  rows.flat().forEach((cell) => cell.parts.sort((a, b) => b.at - a.at));
  return { rows, most: Math.max(0, ...rows.flat().map((cell) => cell.count)) };
}

/** One of six shades: 0 is none. */
export function shade(count: number, most: number): number {
  return count === 0 || most === 0 ? 0 : Math.max(1, Math.ceil((count / most) * 5));
}
