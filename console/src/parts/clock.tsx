// The clock of a limit: weeks as columns, days as cells, by shape and sign as much as by colour.

import { isShort, layoutClock, type ClockDay, type ClockFacts, type ClockLayout } from "../pure/clock.ts";
import { dayWords, civilDate, duration } from "../pure/time.ts";
import { fill, useLanguage } from "../words/index.tsx";
import { When } from "./basic.tsx";
import { useNames } from "./names.tsx";

const SIGNS = { start: "▶", due: "⚑", end: "✓", today: "●" } as const;

export function Clock({ facts, title }: { facts: ClockFacts; title: string }) {
  const { words, lang } = useLanguage();
  const { calendar } = useNames();
  const said = words.alarm;
  const layout = layoutClock(facts, calendar);
  const today = civilDate(facts.now, facts.zone);
  const tell = (day: ClockDay) => {
    const parts = [
      dayWords(day.date, lang, today), words.dayKind[day.kind],
      day.suspended && said.suspended, day.counted !== null && fill(said.counted, { count: day.counted }),
      ...day.marks.map((mark) => ({ start: said.start, due: said.due, end: said.end, today: said.now })[mark]),
    ];
    return parts.filter(Boolean).join(" · ");
  };
  const lateBy = facts.due === null ? null : (facts.end ?? facts.now) - facts.due;
  return (
    <div className="clock">
      <p className="clock-title"><strong>{title}</strong></p>
      <dl className="clock-ends">
        <div><dt>{SIGNS.start} {said.start}</dt><dd><When at={new Date(facts.start).toISOString()} /></dd></div>
        {facts.due !== null && <div><dt>{SIGNS.due} {said.due}</dt><dd><When at={new Date(facts.due).toISOString()} /></dd></div>}
        {facts.end !== null && <div><dt>{SIGNS.end} {said.end}</dt><dd><When at={new Date(facts.end).toISOString()} /></dd></div>}
        {lateBy !== null && (
          <div>
            <dt>{lateBy > 0 ? words.columns.late : ""}</dt>
            <dd className={lateBy > 0 ? "late-words" : ""}>
              {lateBy > 0 ? fill(said.late, { length: duration(lateBy, lang) }) : facts.end === null ? fill(said.left, { length: duration(-lateBy, lang) }) : fill(said.counted, { count: layout.counted })}
            </dd>
          </div>
        )}
      </dl>
      {isShort(facts) ? <Line facts={facts} /> : <Weeks layout={layout} tell={tell} />}
      <ul className="legend" aria-hidden="true">
        {!isShort(facts) && (
          <>
            <li><span className="day working counted">3</span>{words.dayKind.working}</li>
            <li><span className="day weekend">·</span>{words.dayKind.weekend}</li>
            <li><span className="day holiday">·</span>{words.dayKind.holiday}</li>
            <li><span className="day makeup counted">4</span>{words.dayKind.makeup}</li>
          </>
        )}
        {facts.suspensions.length > 0 && <li><span className="day suspended">‖</span>{said.suspended}</li>}
        {layout.lateDays > 0 && <li><span className="day late">!</span>{fill(said.lateDays, { count: layout.lateDays })}</li>}
      </ul>
      {layout.cut && <p className="soft small">{said.cut}</p>}
    </div>
  );
}

/** Days are cells, and weeks columns. */
function Weeks({ layout, tell }: { layout: ClockLayout; tell: (day: ClockDay) => string }) {
  const { words } = useLanguage();
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label={words.alarm.clock}>
      <table className="weeks">
        <tbody>
          {words.weekdays.map((name, row) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {layout.weeks.map((week, column) => {
                const day = week[row];
                return (
                  <td key={column}>
                    {day && (
                      <span className={`day ${day.kind}${day.suspended ? " suspended" : ""}${day.late ? " late" : ""}${day.counted !== null ? " counted" : ""}`} title={tell(day)}>
                        <span aria-hidden="true">{day.marks[0] ? SIGNS[day.marks[0]] : day.suspended ? "‖" : (day.counted ?? (day.late ? "!" : "·"))}</span>
                        <span className="hidden">{tell(day)}</span>
                      </span>
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Minutes and hours are no days to count: one line, with what was given and what came after it. */
function Line({ facts }: { facts: ClockFacts }) {
  const until = facts.end ?? facts.now;
  const due = facts.due ?? until;
  const length = Math.max(due, until) - facts.start || 1;
  const at = (instant: number) => `${((100 * (Math.min(instant, facts.start + length) - facts.start)) / length).toFixed(3)}%`;
  const wide = (from: number, to: number) => `${((100 * Math.max(0, to - from)) / length).toFixed(3)}%`;
  return (
    <svg className="clock-line" height="44" width="100%" aria-hidden="true">
      <rect className="given" x="0" y="16" height="16" width={wide(facts.start, due)} />
      <rect className="used" x="0" y="20" height="8" width={wide(facts.start, Math.min(due, until))} />
      {until > due && <rect className="late" x={at(due)} y="16" height="16" width={wide(due, until)} />}
      {facts.suspensions.map(({ from, to }) => <rect key={from} className="still" x={at(from)} y="12" height="24" width={wide(from, to ?? until)} />)}
      <line x1={at(due)} x2={at(due)} y1="6" y2="38" />
    </svg>
  );
}
