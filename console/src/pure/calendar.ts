// What kind of day a civil date is: the catalogue's years of days off and make-up days, else Monday to Friday.

import { weekday } from "./time.ts";

export interface Year {
  year: number;
  holidays: string[];
  workdays: string[];
}

export type DayKind = "working" | "weekend" | "holiday" | "makeup";

export class Calendar {
  private readonly years = new Set<number>();
  private readonly off = new Set<string>();
  private readonly made = new Set<string>();

  constructor(years: Year[]) {
    for (const { year, holidays, workdays } of years) {
      this.years.add(year);
      holidays.forEach((date) => this.off.add(date));
      workdays.forEach((date) => this.made.add(date));
    }
  }

  kind(date: string): DayKind {
    if (this.off.has(date)) return "holiday";
    if (this.made.has(date)) return "makeup";
    return weekday(date) > 5 ? "weekend" : "working";
  }

  isWorking(date: string): boolean {
    const kind = this.kind(date);
    return kind === "working" || kind === "makeup";
  }

  /** Whether the days of its year have been published; without, weekdays are all that is known. */
  knows(date: string): boolean {
    return this.years.has(Number(date.slice(0, 4)));
  }
}
