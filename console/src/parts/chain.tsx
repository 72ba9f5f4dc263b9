// The chain of numbers of an order as a picture: a lane for each office, an arrow for whatever went from hand to hand.

import type { OrderDetail } from "../api/client.ts";
import { arrows, LANES, shortNumber, waitsFor, type Lane } from "../pure/orders.ts";
import { instantWords } from "../pure/time.ts";
import { fill, useLanguage, word } from "../words/index.tsx";
import { useNames } from "./names.tsx";

const WIDTH = 880;
const HEAD = 46;
const STEP = 58;
const middle = (lane: Lane) => WIDTH * ((2 * LANES.indexOf(lane) + 1) / 6);
/** ① to ⑳; further ones are plain numbers. */
const ordinal = (index: number) => (index < 20 ? String.fromCodePoint(0x2460 + index) : `${index + 1}`);

export function ChainPicture({ order }: { order: OrderDetail }) {
  const { words, lang } = useLanguage();
  const { zone } = useNames();
  const said = words.orders;
  const steps = arrows(order.number, order.history);
  const turn = waitsFor(order.stage);
  const bottom = HEAD + steps.length * STEP + 12;
  const height = bottom + (turn ? 44 : 8);
  const label = steps.map((step, index) => `${ordinal(index)} ${word(said.deed, step.do)} ${step.number}`).join(" → ");
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label={said.chain}>
      <svg className="chain" viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={label}>
        <defs><marker id="tip" viewBox="0 0 8 8" refX="7.4" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" /></marker></defs>
        {LANES.map((lane) => (
          <g key={lane} className={lane === turn ? "turn" : undefined}>
            <line className="lane" x1={middle(lane)} x2={middle(lane)} y1={HEAD - 8} y2={bottom} />
            <rect className="lane-head" x={middle(lane) - 105} y="4" width="210" height="32" rx="6" />
            <text className="lane-name" x={middle(lane)} y="25" textAnchor="middle">{word(words.role, lane)}</text>
          </g>
        ))}
        {steps.map((step, index) => {
          const y = HEAD + index * STEP + 40;
          const [from, to] = [middle(step.from), middle(step.to)];
          const own = from === to;
          const right = to > from;
          const what = `${ordinal(index)} ${word(said.deed, step.do)}${step.meant ? ` → ${step.meant}` : ""} · ${shortNumber(step.number)}`;
          const who = `${step.person} · ${instantWords(Date.parse(step.at), lang, Date.now(), zone)}`;
          return (
            <g key={`${step.at} ${step.number} ${step.do}`} className={`step ${step.do}`}>
              <title>{`${what} · ${step.number} · ${who}`}</title>
              {own
                ? <circle cx={from} cy={y} r="9" />
                : <line x1={from + (right ? 4 : -4)} x2={to + (right ? -4 : 4)} y1={y} y2={y} markerEnd="url(#tip)" />}
              <text className="what" x={own ? from + 18 : (from + to) / 2} y={own ? y - 2 : y - 9} textAnchor={own ? "start" : "middle"}>{what}</text>
              <text className="who" x={own ? from + 18 : (from + to) / 2} y={own ? y + 15 : y + 16} textAnchor={own ? "start" : "middle"}>{who}</text>
            </g>
          );
        })}
        {turn && (
          <g className="turn">
            <rect className="waits" x={middle(turn) - 105} y={bottom + 4} width="210" height="30" rx="15" />
            <text className="lane-name" x={middle(turn)} y={bottom + 24} textAnchor="middle">{fill(said.waits, { role: word(words.role, turn) })}</text>
          </g>
        )}
      </svg>
    </div>
  );
}
