// A table of very many rows, of which only those that can be seen stand in the document. All rows are of one height, so
// that where one stands is arithmetic.

import { useEffect, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { visibleRows } from "../pure/rows.ts";

export interface Column<Row> {
  key: string;
  title: string;
  /** CSS width. */
  width: string;
  cell: (row: Row) => ReactNode;
}

interface Props<Row> {
  label: string;
  columns: Column<Row>[];
  rows: Row[];
  /** Of all, loaded or not. */
  total: number;
  id: (row: Row) => string;
  onOpen: (row: Row) => void;
  onEnd: () => void;
  /** Rows that something is to be done about, by id; without it none can be chosen. */
  chosen?: ReadonlySet<string>;
  onChoose?: (id: string) => void;
  chooseLabel?: string;
}

const ROW = 44;
/** How near to the end more is asked for, rows. */
const NEAR = 200;

export function LongTable<Row>({ label, columns, rows, total, id, onOpen, onEnd, chosen, onChoose, chooseLabel }: Props<Row>) {
  const place = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 800 });
  const [active, setActive] = useState(0);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const look = () => setView({ top: element.scrollTop, height: element.clientHeight });
    const watcher = new ResizeObserver(look);
    watcher.observe(element);
    return () => watcher.disconnect();
  }, []);
  const { first, last } = visibleRows(view.top, view.height, ROW, rows.length);
  useEffect(() => {
    if (last + NEAR >= rows.length && rows.length < total) onEnd();
  }, [last, rows.length, total, onEnd]);
  const choose = (index: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, index));
    setActive(next);
    const element = place.current;
    if (!element) return;
    const top = next * ROW;
    if (top < element.scrollTop) element.scrollTop = top;
    if (top + 2 * ROW > element.scrollTop + element.clientHeight) element.scrollTop = top + 2 * ROW - element.clientHeight;
  };
  const press = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(view.height / ROW) - 2);
    const steps: Record<string, number> = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1, PageDown: page, PageUp: -page, Home: -rows.length, End: rows.length };
    const row = rows[active];
    if (event.key in steps) choose(active + (steps[event.key] ?? 0));
    else if (event.key === " " && row !== undefined && onChoose && event.target === place.current) onChoose(id(row));
    else if (event.key === "Enter" && row !== undefined && event.target === place.current) onOpen(row);
    else return;
    event.preventDefault();
  };
  const current = rows[active];
  return (
    <div className="long-table" ref={place} tabIndex={0} role="region" aria-label={label} onKeyDown={press}
      onScroll={(event) => setView({ top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })}>
      <table aria-rowcount={total + 1}>
        <colgroup>{onChoose && <col className="choose" />}{columns.map((column) => <col key={column.key} style={{ width: column.width }} />)}</colgroup>
        <thead><tr aria-rowindex={1}>{onChoose && <th scope="col"><span className="hidden">{chooseLabel}</span></th>}{columns.map((column) => <th key={column.key} scope="col">{column.title}</th>)}</tr></thead>
        <tbody>
          {first > 0 && <tr aria-hidden="true"><td colSpan={columns.length + (onChoose ? 1 : 0)} style={{ height: first * ROW, padding: 0, border: 0 }} /></tr>}
          {rows.slice(first, last).map((row, index) => (
            <tr key={id(row)} aria-rowindex={first + index + 2} className={row === current ? "active" : ""} onClick={() => setActive(first + index)} onDoubleClick={() => onOpen(row)}>
              {onChoose && <td><input type="checkbox" aria-label={chooseLabel} checked={chosen?.has(id(row)) ?? false} onChange={() => onChoose(id(row))} /></td>}
              {columns.map((column) => <td key={column.key} data-title={column.title}>{column.cell(row)}</td>)}
            </tr>
          ))}
          {last < rows.length && <tr aria-hidden="true"><td colSpan={columns.length + (onChoose ? 1 : 0)} style={{ height: (rows.length - last) * ROW, padding: 0, border: 0 }} /></tr>}
        </tbody>
      </table>
    </div>
  );
}
