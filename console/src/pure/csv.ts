// Tables for spreadsheets (RFC 4180). A text that a spreadsheet would take for a formula gets an apostrophe before it.

/** So that Excel takes it for UTF-8. */
const MARK = "\uFEFF";

export function toCsv(header: string[], rows: (string | number | null)[][]): string {
  const line = (cells: (string | number | null)[]) => cells.map(cell).join(",") + "\r\n";
  return MARK + line(header) + rows.map(line).join("");
}

function cell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
