// Instants in people's words. An instant is RFC 3339 or milliseconds; civil dates are `YYYY-MM-DD` of a zone.

export type Lang = "zh" | "en";
export const ZONE = "Asia/Shanghai";
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const formats = new Map<string, Intl.DateTimeFormat>();

function format(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = locale + JSON.stringify(options);
  let known = formats.get(key);
  if (!known) {
    known = new Intl.DateTimeFormat(locale, options);
    formats.set(key, known);
  }
  return known;
}

interface Civil {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

/** What the clock on the wall of `zone` shows. */
export function civil(at: number, zone: string = ZONE): Civil {
  const parts = format("en-CA", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit",
    hour: "2-digit", minute: "2-digit", second: "2-digit",
  }).formatToParts(at);
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value ?? 0);
  return { year: of("year"), month: of("month"), day: of("day"), hour: of("hour"), minute: of("minute"), second: of("second") };
}

const two = (number: number) => String(number).padStart(2, "0");

export function civilDate(at: number, zone: string = ZONE): string {
  const { year, month, day } = civil(at, zone);
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}`;
}

/** The instant at which a civil date begins. */
export function startOfDay(date: string, zone: string = ZONE): number {
  const utc = Date.parse(`${date}T00:00:00Z`);
  // The offset may differ between the guess and the true start: once more from there.
  const first = utc - offset(utc, zone);
  return utc - offset(first, zone);
}

function offset(at: number, zone: string): number {
  const { year, month, day, hour, minute, second } = civil(at, zone);
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(at / 1_000) * 1_000;
}

export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY).toISOString().slice(0, 10);
}

/** 1 is Monday, 7 Sunday. */
export function weekday(date: string): number {
  return new Date(`${date}T00:00:00Z`).getUTCDay() || 7;
}

export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY);
}

/** A date as one says it, with the year only where it is another than now's. */
export function dayWords(date: string, lang: Lang, today: string): string {
  const [year, month, day] = date.split("-").map(Number) as [number, number, number];
  const same = date.slice(0, 4) === today.slice(0, 4);
  if (lang === "zh") return `${same ? "" : `${year}年`}${month}月${day}日`;
  const name = format("en-GB", { month: "short", timeZone: "UTC" }).format(Date.UTC(year, month - 1, day));
  return `${day} ${name}${same ? "" : ` ${year}`}`;
}

/** Date and minute, as one says it. */
export function instantWords(at: number, lang: Lang, now: number, zone: string = ZONE): string {
  const { hour, minute } = civil(at, zone);
  return `${dayWords(civilDate(at, zone), lang, civilDate(now, zone))} ${two(hour)}:${two(minute)}`;
}

/** To the millisecond, with the zone: what stands behind every shorter form. */
export function exact(at: number, zone: string = ZONE): string {
  const { hour, minute, second } = civil(at, zone);
  const ms = String(((at % 1_000) + 1_000) % 1_000).padStart(3, "0");
  const minutes = Math.round(offset(at, zone) / MINUTE);
  const sign = minutes < 0 ? "-" : "+";
  const zoneWords = `${sign}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
  return `${civilDate(at, zone)} ${two(hour)}:${two(minute)}:${two(second)}.${ms} ${zoneWords}`;
}

/** How long ago, or how long still. */
export function relative(at: number, lang: Lang, now: number): string {
  const words = new Intl.RelativeTimeFormat(lang === "zh" ? "zh-CN" : "en", { numeric: "auto" });
  const distance = at - now;
  const size = Math.abs(distance);
  if (size < MINUTE) return words.format(0, "second");
  if (size < HOUR) return words.format(Math.trunc(distance / MINUTE), "minute");
  if (size < DAY) return words.format(Math.trunc(distance / HOUR), "hour");
  return words.format(Math.trunc(distance / DAY), "day");
}

/** A length of time by its two largest units. */
export function duration(ms: number, lang: Lang): string {
  const units: [number, string, string][] = [[DAY, "天", "d"], [HOUR, "小时", "h"], [MINUTE, "分", "min"], [1_000, "秒", "s"]];
  let rest = Math.max(0, Math.round(ms / 1_000) * 1_000);
  const first = units.findIndex(([size]) => rest >= size);
  if (first < 0) return lang === "zh" ? "0 秒" : "0 s";
  const words: string[] = [];
  for (const [size, zh, en] of units.slice(first, first + 2)) {
    const number = Math.floor(rest / size);
    rest -= number * size;
    if (number > 0) words.push(`${number} ${lang === "zh" ? zh : en}`);
  }
  return words.join(" ");
}
