// 监察分析: how many alarms, where, of what kind and when. Every number leads to the list that it counts.

import { Segmented } from "antd";
import { lazy, Suspense, useMemo, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import type { Stats } from "../api/client.ts";
import { useStats } from "../api/queries.ts";
import { Bars, type Bar } from "../parts/bars.tsx";
import { Answered, Card, Light, Loading, Nothing } from "../parts/basic.tsx";
import { Heat } from "../parts/heat.tsx";
import { useNames } from "../parts/names.tsx";
import { Title } from "../parts/title.tsx";
import { AXES, consoleLink, type Axis } from "../pure/filters.ts";
import { weekOf } from "../pure/heat.ts";
import { regionTree } from "../pure/regions.ts";
import { addDays, civilDate, dayWords, daysBetween, startOfDay } from "../pure/time.ts";
import { fill, useLanguage, word } from "../words/index.tsx";

const Trend = lazy(() => import("../parts/trend.tsx"));

const WINDOWS = [7, 30, 90, 365];

/** Groups of a key and the light as bars of the key, the largest first. */
function barsOf(stats: Stats, key: string, name: (value: string) => string): Bar[] {
  const bars = new Map<string, Bar>();
  for (const group of stats.groups) {
    const keys = group.key as Record<string, string | null>;
    const value = keys[key] ?? "";
    // Without the light it is the list of both.
    const link = new URL(consoleLink(group.link), "http://x");
    link.searchParams.delete("light");
    const bar = bars.get(value) ?? { key: value, name: name(value), red: 0, yellow: 0, link: link.pathname + link.search };
    if (keys["light"] === "red") bar.red += group.count;
    else bar.yellow += group.count;
    bars.set(value, bar);
  }
  return [...bars.values()].sort((a, b) => b.red + b.yellow - a.red - a.yellow);
}

export default function Overview() {
  const { words, lang } = useLanguage();
  const names = useNames();
  const [search, setSearch] = useSearchParams();
  const days = WINDOWS.find((known) => String(known) === search.get("days")) ?? 30;
  const axis: Axis = AXES.find((known) => known === search.get("axis")) ?? "violated";
  const today = civilDate(Date.now(), names.zone);
  const range = useMemo(() => {
    const iso = (date: string) => new Date(startOfDay(date, names.zone)).toISOString();
    return { from: iso(addDays(today, 1 - days)), to: iso(addDays(today, 1)), today: iso(today) };
  }, [today, days, names.zone]);
  const ask = (by: string[]) => {
    const asked = new URLSearchParams({ axis, from: range.from, to: range.to, zone: names.zone, limit: "5000" });
    by.forEach((group) => asked.append("by", group));
    return asked;
  };
  const change = (name: string, value: string) => setSearch((old) => { old.set(name, value); return old; }, { replace: true });
  return (
    <>
      <Title text={words.nav.overview}>
        <div className="tools">
          <Segmented aria-label={words.overview.window} value={days} options={WINDOWS.map((value) => ({ value, label: fill(words.overview.days, { days: value }) }))} onChange={(value) => change("days", String(value))} />
          <Segmented value={axis} options={(["violated", "raised"] as const).map((value) => ({ value, label: words.axis[value] }))} onChange={(value) => change("axis", value)} />
        </div>
      </Title>
      <div className="grid">
        <Today from={range.today} to={range.to} />
        <Sum title={fill(words.overview.total, { days })} asked={ask(["light"])} />
        <TrendCard asked={ask(["day", "light"])} from={civilDate(Date.parse(range.from), names.zone)} to={today} lang={lang} />
        <BarsCard title={words.overview.byOrg} asked={ask(["org", "light"])} group="org" name={names.org} />
        <BarsCard title={words.overview.byKind} asked={ask(["kind", "light"])} group="kind" name={(kind) => word(words.kind, kind)} />
        <BarsCard title={words.overview.byItem} asked={ask(["item", "light"])} group="item" name={names.item} />
        <Regions asked={ask(["region", "light"])} />
        <HeatCard asked={ask(["hour"])} />
      </div>
    </>
  );
}

function Today({ from, to }: { from: string; to: string }) {
  const { words } = useLanguage();
  const asked = new URLSearchParams({ axis: "raised", from, to, by: "light" });
  return <Sum title={words.overview.today} asked={asked} />;
}

function Sum({ title, asked }: { title: string; asked: URLSearchParams }) {
  const stats = useStats(asked);
  return (
    <Card title={title} className="half">
      <Answered of={stats}>
        {(data) => (
          <div className="sums">
            {["red", "yellow"].map((light) => {
              const group = data.groups.find((one) => (one.key as Record<string, string>)["light"] === light);
              const link = new URL(consoleLink(data.link), "http://x");
              link.searchParams.set("light", light);
              return <Link key={light} to={link.pathname + link.search} className={`sum ${light}`}><Light light={light} /><strong>{group?.count ?? 0}</strong></Link>;
            })}
          </div>
        )}
      </Answered>
    </Card>
  );
}

function TrendCard({ asked, from, to, lang }: { asked: URLSearchParams; from: string; to: string; lang: "zh" | "en" }) {
  const { words } = useLanguage();
  const stats = useStats(asked);
  const go = useNavigate();
  const [table, setTable] = useState(false);
  const days = useMemo(() => {
    const counts = new Map<string, { red: number; yellow: number }>();
    for (const group of stats.data?.groups ?? []) {
      const key = group.key as Record<string, string>;
      const day = counts.get(key["day"] ?? "") ?? { red: 0, yellow: 0 };
      day[key["light"] === "red" ? "red" : "yellow"] += group.count;
      counts.set(key["day"] ?? "", day);
    }
    return Array.from({ length: daysBetween(from, to) + 1 }, (_, index) => {
      const date = addDays(from, index);
      return { date, name: dayWords(date, lang, to), ...(counts.get(date) ?? { red: 0, yellow: 0 }) };
    });
  }, [stats.data, from, to, lang]);
  const linkOf = (date: string) => {
    const group = stats.data?.groups.find((one) => (one.key as Record<string, string>)["day"] === date);
    if (!group) return null;
    const link = new URL(consoleLink(group.link), "http://x");
    link.searchParams.delete("light");
    return link.pathname + link.search;
  };
  return (
    <Card title={words.overview.trend} className="wide" extra={<button type="button" className="text-button" onClick={() => setTable(!table)}>{table ? words.overview.chart : words.overview.table}</button>}>
      <Answered of={stats}>
        {(data) => data.total === 0 ? <Nothing title={words.overview.none} /> : table ? (
          <div className="scroll-y" tabIndex={0} role="region" aria-label={words.overview.trend}>
            <table className="simple">
              <thead><tr><th scope="col">{words.overview.day}</th><th scope="col">{words.light.red}</th><th scope="col">{words.light.yellow}</th></tr></thead>
              <tbody>
                {days.filter((day) => day.red + day.yellow > 0).reverse().map((day) => (
                  <tr key={day.date}><th scope="row"><Link to={linkOf(day.date) ?? "/alarms"}>{day.name}</Link></th><td>{day.red}</td><td>{day.yellow}</td></tr>
                ))}
              </tbody>
            </table>
          </div>
        ) : (
          <Suspense fallback={<Loading />}>
            <Trend days={days} names={{ ...words.light, title: words.overview.trend }} onDay={(date) => { const link = linkOf(date); if (link) void go(link); }} />
          </Suspense>
        )}
      </Answered>
    </Card>
  );
}

function BarsCard({ title, asked, group, name }: { title: string; asked: URLSearchParams; group: string; name: (value: string) => string }) {
  const { words } = useLanguage();
  const stats = useStats(asked);
  return (
    <Card title={title}>
      <Answered of={stats}>{(data) => data.total === 0 ? <Nothing title={words.overview.none} /> : <Bars bars={barsOf(data, group, name)} />}</Answered>
    </Card>
  );
}

function Regions({ asked }: { asked: URLSearchParams }) {
  const { words } = useLanguage();
  const names = useNames();
  const stats = useStats(asked);
  return (
    <Card title={words.overview.byRegion}>
      <Answered of={stats}>
        {(data) => {
          if (data.total === 0) return <Nothing title={words.overview.none} />;
          const bars = new Map(barsOf(data, "region", (region) => names.region(region) || words.overview.noRegion).map((bar) => [bar.key, bar]));
          const tree = regionTree([...bars.values()].map((bar) => ({ region: bar.key, count: bar.red + bar.yellow, link: bar.link })));
          return <Bars bars={tree.flatMap((node) => { const bar = bars.get(node.region); return bar ? [{ ...bar, depth: node.depth }] : []; })} />;
        }}
      </Answered>
    </Card>
  );
}

function HeatCard({ asked }: { asked: URLSearchParams }) {
  const { words } = useLanguage();
  const { zone } = useNames();
  const stats = useStats(asked);
  return (
    <Card title={words.overview.heat} className="wide">
      <Answered of={stats}>
        {(data) => data.total === 0 ? <Nothing title={words.overview.none} /> : (
          <Heat week={weekOf(data.groups.map((group) => ({ at: Date.parse((group.key as Record<string, string>)["hour"] ?? ""), count: group.count, link: group.link })), zone)} />
        )}
      </Answered>
    </Card>
  );
}
