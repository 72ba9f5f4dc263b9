// A week of hours as a table of buttons; a cell leads to the hours that it is made of, and each of those to its list.

import { Button, Modal } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { consoleLink } from "../pure/filters.ts";
import { shade, type Week } from "../pure/heat.ts";
import { instantWords } from "../pure/time.ts";
import { fill, useLanguage } from "../words/index.tsx";
import { useNames } from "./names.tsx";

export function Heat({ week }: { week: Week }) {
  const { words, lang } = useLanguage();
  const { zone } = useNames();
  const [open, setOpen] = useState<{ day: number; hour: number } | null>(null);
  const cell = open && week.rows[open.day]?.[open.hour];
  const label = (day: number, hour: number, count: number) =>
    fill(words.overview.heatHint, { day: words.weekdays[day] ?? "", hour, count });
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label={words.overview.heat}>
      <table className="heat">
        <thead>
          <tr>
            <td />
            {Array.from({ length: 24 }, (_, hour) => <th key={hour} scope="col">{hour % 3 === 0 ? hour : <span className="hidden">{hour}</span>}</th>)}
          </tr>
        </thead>
        <tbody>
          {week.rows.map((row, day) => (
            <tr key={day}>
              <th scope="row">{words.weekdays[day]}</th>
              {row.map(({ count }, hour) => (
                <td key={hour}>
                  {count === 0
                    ? <span className="heat-cell shade-0" />
                    : (
                      <button type="button" className={`heat-cell shade-${shade(count, week.most)}`} title={label(day, hour, count)}
                        aria-label={label(day, hour, count)} onClick={() => setOpen({ day, hour })}>
                        {count}
                      </button>
                    )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <Modal open={open !== null} onCancel={() => setOpen(null)} title={open && cell ? label(open.day, open.hour, cell.count) : ""}
        footer={<Button onClick={() => setOpen(null)}>{words.overview.closeWord}</Button>}>
        <ul className="plain-list">
          {cell?.parts.map((part) => (
            <li key={part.at}>
              <Link to={consoleLink(part.link)}>{instantWords(part.at, lang, Date.now(), zone)}</Link>{" "}
              <span className="soft">{fill(words.overview.alarms, { count: part.count })}</span>
            </li>
          ))}
        </ul>
      </Modal>
    </div>
  );
}
