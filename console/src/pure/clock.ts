// A limit's clock as days to draw. It judges nothing: start, due and end come from the facts and from the alarm; which days
// count follows the contract (section 3, Clocks), and is for the eye.

import type { Calendar, DayKind } from "./calendar.ts";
import { addDays, civilDate, DAY, daysBetween, weekday } from "./time.ts";

export interface ClockFacts {
  /** Instants, ms. */
  start: number;
  due: number | null;
  /** When the scope was complete; null while it is open. */
  end: number | null;
  now: number;
  unit: "working_day" | "calendar_day" | "hour" | "working_hour";
  suspensions: { from: number; to: number | null }[];
  zone: string;
}

export interface ClockDay {
  date: string;
  kind: DayKind;
  suspended: boolean;
  /** Number of a counted day, from 1; null on others. */
  counted: number | null;
  /** After the instant due, and the scope still open. */
  late: boolean;
  marks: ("start" | "due" | "end" | "today")[];
}

export interface ClockLayout {
  /** Columns of seven, Monday first; null before the first and after the last day. */
  weeks: (ClockDay | null)[][];
  counted: number;
  lateDays: number;
  /** There would be more days than are drawn. */
  cut: boolean;
}

/** Limits that are shorter are drawn as a line, ms. */
const SHORT = 3 * DAY;
/** Days that are drawn at most: a year and a bit. */
export const MAX_DAYS = 400;

/** Whether it runs out within hours, so that days say nothing. */
export function isShort(facts: ClockFacts): boolean {
  return facts.unit === "hour" && facts.due !== null && facts.due - facts.start < SHORT;
}

/** The civil date on which a limit runs out: an instant due at 00:00 belongs to the day before. */
export function lastDay(due: number, zone: string): string {
  return civilDate(due - 1, zone);
}

export function layoutClock(facts: ClockFacts, calendar: Calendar): ClockLayout {
  const { zone } = facts;
  const first = civilDate(facts.start, zone);
  const due = facts.due === null ? null : lastDay(facts.due, zone);
  const until = civilDate(facts.end ?? facts.now, zone);
  const last = due !== null && due > until ? due : until;
  const length = daysBetween(first, last) + 1;
  const shown = Math.max(1, Math.min(length, MAX_DAYS));
  const spans = facts.suspensions.map(({ from, to }) => [civilDate(from, zone), to === null ? null : civilDate(to, zone)] as const);
  const countsWorking = facts.unit === "working_day" || facts.unit === "working_hour";

  let counted = 0;
  let lateDays = 0;
  const days: ClockDay[] = [];
  for (let index = 0; index < shown; index += 1) {
    const date = addDays(first, index);
    const suspended = spans.some(([from, to]) => from < date && (to === null ? date <= until : date <= to));
    const inLimit = index > 0 && (due === null || date <= due);
    const counts = inLimit && !suspended && (!countsWorking || calendar.isWorking(date));
    if (counts) counted += 1;
    const late = due !== null && date > due && date <= until;
    if (late) lateDays += 1;
    const marks: ClockDay["marks"] = [];
    if (index === 0) marks.push("start");
    if (date === due) marks.push("due");
    if (facts.end !== null && date === civilDate(facts.end, zone)) marks.push("end");
    if (date === civilDate(facts.now, zone)) marks.push("today");
    days.push({ date, kind: calendar.kind(date), suspended, counted: counts ? counted : null, late, marks });
  }
  const weeks: (ClockDay | null)[][] = [];
  for (const day of days) {
    const row = weekday(day.date) - 1;
    if (weeks.length === 0 || row === 0) weeks.push(Array<ClockDay | null>(7).fill(null));
    const week = weeks[weeks.length - 1];
    if (week) week[row] = day;
  }
  return { weeks, counted, lateDays, cut: length > shown };
}
