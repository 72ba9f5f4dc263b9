// A year of working days: months as small tables, days off and make-up days by a sign as well as by colour.

import type { Calendars } from "../api/client.ts";
import { Calendar } from "../pure/calendar.ts";
import { addDays, weekday } from "../pure/time.ts";
import { fill, useLanguage } from "../words/index.tsx";

export function Year({ year }: { year: Calendars["years"][number] }) {
  const { words } = useLanguage();
  const calendar = new Calendar([year]);
  return (
    <section className="year">
      <h3>{fill(words.registers.year, { year: year.year })}</h3>
      <div className="months">{Array.from({ length: 12 }, (_, month) => <Month key={month} year={year.year} month={month + 1} calendar={calendar} />)}</div>
      <ul className="legend" aria-hidden="true">
        <li><span className="day working">1</span>{words.dayKind.working}</li>
        <li><span className="day weekend">6</span>{words.dayKind.weekend}</li>
        <li><span className="day holiday">{words.registers.off}</span>{words.dayKind.holiday}</li>
        <li><span className="day makeup">{words.registers.on}</span>{words.dayKind.makeup}</li>
      </ul>
    </section>
  );
}

function Month({ year, month, calendar }: { year: number; month: number; calendar: Calendar }) {
  const { words, lang } = useLanguage();
  const start = `${year}-${String(month).padStart(2, "0")}-01`;
  const before = weekday(start) - 1;
  const length = new Date(Date.UTC(year, month, 0)).getUTCDate();
  const weeks = Array.from({ length: Math.ceil((before + length) / 7) }, (_, week) =>
    Array.from({ length: 7 }, (_, day) => week * 7 + day - before + 1).map((day) => (day >= 1 && day <= length ? day : null)));
  return (
    <table className="month">
      <caption>{fill(words.registers.month, { month })}</caption>
      <thead><tr>{words.weekdays.map((name) => <th key={name} scope="col"><span aria-hidden="true">{lang === "zh" ? name.slice(-1) : name.slice(0, 1)}</span><span className="hidden">{name}</span></th>)}</tr></thead>
      <tbody>
        {weeks.map((week) => (
          <tr key={week.join()}>
            {week.map((day, index) => {
              if (day === null) return <td key={`none ${index}`} />;
              const date = addDays(start, day - 1);
              const kind = calendar.kind(date);
              const sign = kind === "holiday" ? words.registers.off : kind === "makeup" ? words.registers.on : day;
              return <td key={date}><span className={`day ${kind}`} title={`${date} · ${words.dayKind[kind]}`}>{sign}</span></td>;
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
