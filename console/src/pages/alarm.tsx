// One alarm: why it stands, on which facts, by which rule, how its clock ran, and how it came to be what it is.

import { App, Button, Tag } from "antd";
import { Link, useNavigate, useParams } from "react-router";
import type { Alarm, AlarmDetail, Event, Me } from "../api/client.ts";
import { useAlarm, useItem, useTimeline, useVersion } from "../api/queries.ts";
import { Answered, Card, Light, When } from "../parts/basic.tsx";
import { Clock } from "../parts/clock.tsx";
import { LifeCard } from "../parts/life.tsx";
import { useNames } from "../parts/names.tsx";
import { Raw } from "../parts/raw.tsx";
import { Title } from "../parts/title.tsx";
import { spanOf, type Fact, type Item, type Limit } from "../pure/facts.ts";
import { duration } from "../pure/time.ts";
import { fill, useLanguage, word } from "../words/index.tsx";

export default function AlarmPage({ me }: { me: Me }) {
  const { id = "" } = useParams();
  const detail = useAlarm(id);
  return <Answered of={detail}>{(data) => <Shown detail={data} me={me} />}</Answered>;
}

function Shown({ detail, me }: { detail: AlarmDetail; me: Me }) {
  const { words, lang } = useLanguage();
  const names = useNames();
  const go = useNavigate();
  const { message } = App.useApp();
  const { alarm } = detail;
  const said = words.columns;
  const copy = () => navigator.clipboard.writeText(location.href).then(() => message.success(words.alarm.copied), () => undefined);
  return (
    <>
      <Title text={word(words.code, alarm.code)} before={<Light light={alarm.light} />}>
        <div className="tools">
          <Button onClick={() => void go(-1)}>{words.alarm.list}</Button>
          <Button onClick={() => void copy()}>{words.alarm.copy}</Button>
          <Link className="main-link" to={`/cases/${encodeURIComponent(alarm.case)}`}>{words.alarm.open}</Link>
        </div>
      </Title>
      <div className="grid">
        <Card title={words.alarm.why} className="wide">
          <p className="lead">{alarm.explanation[lang]}</p>
          <dl className="facts">
            <div><dt>{said.state}</dt><dd>{word(words.state, alarm.state)} <span className="soft">{fill(words.alarm.revision, { number: alarm.revision })}</span></dd></div>
            <div><dt>{said.case}</dt><dd><Link to={`/cases/${encodeURIComponent(alarm.case)}`}>{alarm.case}</Link></dd></div>
            <div><dt>{said.item}</dt><dd>{names.item(alarm.item)} <span className="soft">{alarm.item}</span></dd></div>
            <div><dt>{said.org}</dt><dd>{names.org(alarm.org)}</dd></div>
            {alarm.region && <div><dt>{said.region}</dt><dd>{names.region(alarm.region)}</dd></div>}
            {alarm.step && <div><dt>{said.step}</dt><dd>{names.step(alarm.item, alarm.step)}{(alarm.visit ?? 1) > 1 && <span className="soft"> {fill(words.alarm.visit, { number: alarm.visit ?? 1 })}</span>}</dd></div>}
            <div><dt>{said.violated}</dt><dd><When at={alarm.violated_at} /></dd></div>
            {alarm.due && <div><dt>{said.due}</dt><dd><When at={alarm.due} />{alarm.provisional && <Tag color="warning">{words.alarm.provisional}</Tag>}</dd></div>}
            {alarm.late_by_ms != null && <div><dt>{said.late}</dt><dd>{duration(alarm.late_by_ms, lang)}</dd></div>}
            <div><dt>{said.raised}</dt><dd><When at={alarm.raised_at} /></dd></div>
          </dl>
        </Card>
        <LifeCard detail={detail} me={me} />
        {alarm.kind === "time_limit" && <ClockCard alarm={alarm} me={me} />}
        <RuleCard alarm={alarm} me={me} />
        <Card title={words.alarm.facts}>
          {detail.facts.length === 0 ? <p className="soft">{words.alarm.noFacts}</p> : (
            <ol className="events">{detail.facts.map((fact) => <FactLine key={`${fact.source} ${fact.id}`} fact={fact} item={alarm.item} />)}</ol>
          )}
          {detail.truncated && <p className="soft">{words.alarm.more}</p>}
        </Card>
        <Card title={words.alarm.revisions}>
          <ol className="events">
            {[...detail.revisions].reverse().map((revision) => (
              <li key={revision.revision}>
                <p><strong>{fill(words.alarm.revision, { number: revision.revision })}</strong> {word(words.change, revision.change)} · {word(words.cause, revision.cause)} · <When at={revision.changed_at} /></p>
                <p><Light light={revision.light} /> {revision.explanation[lang]}</p>
              </li>
            ))}
          </ol>
        </Card>
      </div>
    </>
  );
}

export function FactLine({ fact, item }: { fact: Event; item: string | null | undefined }) {
  const { words } = useLanguage();
  const names = useNames();
  const record = fact.record as { data?: Record<string, unknown> };
  const step = record.data?.["step"] ?? record.data?.["from"];
  return (
    <li>
      <p>
        <strong>{word(words.event, fact.type)}</strong>
        {typeof step === "string" && <> · {names.step(item, step)}</>} · <When at={fact.time} />
        {fact.recorded_time && <span className="soft"> · {words.alarm.recorded} <When at={fact.recorded_time} /></span>}
      </p>
      <Raw value={fact.record} note={fact.masked ? words.alarm.masked : undefined} />
    </li>
  );
}

/** The item as the alarm's rules had it: the version that they are named after, else the catalogue's. */
function useRuleItem(alarm: Alarm, me: Me): { item: Item | undefined; version: number | undefined } {
  const [rule, number] = alarm.rules_version.split("/");
  const isVersion = rule === alarm.item && number !== undefined && me.sees.rules;
  const version = useVersion(alarm.item, isVersion ? Number(number) : undefined);
  const item = useItem(alarm.item || undefined);
  return { item: (version.data?.content as Item | undefined) ?? item.data, version: version.data ? Number(number) : undefined };
}

function limitOf(item: Item | undefined, point: string): Limit | undefined {
  const limit = item?.points?.find((one) => one.id === point)?.limit;
  return item?.limits?.find((one) => one.id === limit);
}

function useLimitWords() {
  const { words } = useLanguage();
  return (limit: Limit) => {
    const length = limit.days ?? limit.hours ?? limit.minutes ?? "";
    const legal = limit.legal === "statutory" ? words.alarm.statutory : limit.legal === "promised" ? words.alarm.promised : "";
    const unit = word(words.unit, limit.minutes === undefined ? limit.unit : "minute");
    return `${limit.id} · ${fill(words.alarm.limit, { days: length, unit })}${legal && ` · ${legal}`}`;
  };
}

function ClockCard({ alarm, me }: { alarm: Alarm; me: Me }) {
  const { words } = useLanguage();
  const { zone } = useNames();
  const limitWords = useLimitWords();
  const { item } = useRuleItem(alarm, me);
  const timeline = useTimeline(alarm.case, me.sees.cases);
  const limit = limitOf(item, alarm.point);
  const facts = timeline.data?.entries.flatMap((entry): Fact[] => {
    if (entry.entry !== "event") return [];
    const record = entry.event.record as { data?: Record<string, unknown> };
    return [{ type: entry.event.type, time: Date.parse(entry.event.time), data: record.data ?? {} }];
  });
  const span = limit && facts ? spanOf(limit, alarm.visit ?? null, facts) : null;
  return (
    <Card title={words.alarm.clock} className="wide">
      {limit && span
        ? <Clock title={limitWords(limit)} facts={{ ...span, due: alarm.due ? Date.parse(alarm.due) : null, now: Date.now(), unit: limit.unit, zone }} />
        : <p className="soft">{words.alarm.noClock}</p>}
    </Card>
  );
}

function RuleCard({ alarm, me }: { alarm: Alarm; me: Me }) {
  const { words, lang } = useLanguage();
  const limitWords = useLimitWords();
  const { item, version } = useRuleItem(alarm, me);
  const point = item?.points?.find((one) => one.id === alarm.point);
  const limit = limitOf(item, alarm.point);
  return (
    <Card title={words.alarm.rule}>
      <dl className="facts one">
        <div><dt>{words.alarm.point}</dt><dd>{alarm.point} · {word(words.kind, alarm.kind)}</dd></div>
        {limit && <div><dt>{words.alarm.clock}</dt><dd>{limitWords(limit)}</dd></div>}
        <div><dt>{words.alarm.version}</dt><dd>{me.sees.rules && item ? <Link to={`/rules/${encodeURIComponent(alarm.item)}${version ? `?v=${version}` : ""}`}>{alarm.rules_version}</Link> : alarm.rules_version}</dd></div>
        {(item?.legal_basis?.length ?? 0) > 0 && (
          <div><dt>{words.alarm.basis}</dt><dd><ul className="plain-list">{item?.legal_basis?.map((basis) => <li key={`${basis.law} ${basis.article}`}>{lang === "zh" ? `《${basis.law}》${basis.article ? `第${basis.article}条` : ""}` : `${basis.law}${basis.article ? `, art. ${basis.article}` : ""}`}</li>)}</ul></dd></div>
        )}
      </dl>
      {point && <Raw value={point} label={words.alarm.said} open />}
    </Card>
  );
}
