// Numbers as bars, each a link to the list that it counts.

import { Link } from "react-router";
import { fill, useLanguage } from "../words/index.tsx";

export interface Bar {
  key: string;
  name: string;
  /** Red, then yellow. */
  red: number;
  yellow: number;
  link: string;
  depth?: number;
}

/** Bars that are shown; the rest is summed up in one line. */
const SHOWN = 12;

export function Bars({ bars, shown = SHOWN }: { bars: Bar[]; shown?: number }) {
  const { words } = useLanguage();
  const most = Math.max(1, ...bars.map((bar) => bar.red + bar.yellow));
  const rest = bars.length - shown;
  return (
    <>
      <ul className="bars">
        {bars.slice(0, shown).map((bar) => (
          <li key={bar.key}>
            <Link to={bar.link} title={`${bar.name} · ${words.light.red} ${bar.red} · ${words.light.yellow} ${bar.yellow}`}>
              <span className="bar-name" style={{ paddingInlineStart: `${bar.depth ?? 0}em` }}>{bar.name}</span>
              <span className="bar-line" aria-hidden="true">
                <span className="bar-red" style={{ width: `${(bar.red / most) * 100}%` }} />
                <span className="bar-yellow" style={{ width: `${(bar.yellow / most) * 100}%` }} />
              </span>
              <span className="bar-count">
                <span className="hidden">{words.light.red} {bar.red}, {words.light.yellow} {bar.yellow}, </span>
                {bar.red + bar.yellow}
              </span>
            </Link>
          </li>
        ))}
      </ul>
      {rest > 0 && <p className="soft small">{fill(words.overview.other, { count: rest })}</p>}
    </>
  );
}
