// Which rows of a long table stand in the document: those that can be seen, and a few around them.

/** Rows above and below what can be seen, so that a quick scroll meets no blank. */
const AROUND = 12;

export function visibleRows(scrolled: number, height: number, row: number, count: number): { first: number; last: number } {
  const first = Math.max(0, Math.min(Math.floor(scrolled / row) - AROUND, count - 1));
  const last = Math.min(count, Math.ceil((scrolled + height) / row) + AROUND);
  return { first: Math.max(0, first), last: Math.max(first, last) };
}
