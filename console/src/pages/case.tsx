// One case: what happened in it and, at their place in time, its alarms.

import { Segmented } from "antd";
import { useState } from "react";
import { Link, useParams } from "react-router";
import type { Case, Me, Timeline } from "../api/client.ts";
import { useCase, useTimeline } from "../api/queries.ts";
import { Answered, Card, Light, Nothing, When } from "../parts/basic.tsx";
import { Follow } from "../parts/life.tsx";
import { useNames } from "../parts/names.tsx";
import { Raw } from "../parts/raw.tsx";
import { Title } from "../parts/title.tsx";
import { consoleLink } from "../pure/filters.ts";
import { fill, useLanguage, word } from "../words/index.tsx";

export default function CasePage({ me }: { me: Me }) {
  const { id = "" } = useParams();
  const known = useCase(id);
  const timeline = useTimeline(id);
  return (
    <Answered of={known}>
      {(data) => (
        <>
          <Head known={data} me={me} />
          <Answered of={timeline}>{(entries) => <Entries timeline={entries} item={data.item} />}</Answered>
        </>
      )}
    </Answered>
  );
}

function Head({ known, me }: { known: Case; me: Me }) {
  const { words } = useLanguage();
  const names = useNames();
  const said = words.columns;
  return (
    <>
      <Title text={known.id}><div className="tools">{me.sees.todo && <Follow kind="case" id={known.id} />}<Link className="main-link" to={consoleLink(known.alarms)}>{words.case.alarms}</Link></div></Title>
      <Card>
        <dl className="facts">
          {known.title && <div><dt>{words.case.title}</dt><dd>{known.title}{known.masked && <span className="soft"> {words.alarm.masked}</span>}</dd></div>}
          <div><dt>{said.item}</dt><dd>{names.item(known.item) || "—"} <span className="soft">{known.item}</span></dd></div>
          <div><dt>{said.org}</dt><dd>{names.org(known.org) || "—"}</dd></div>
          {known.region && <div><dt>{said.region}</dt><dd>{names.region(known.region)}</dd></div>}
          <div><dt>{words.case.accepted}</dt><dd><When at={known.accepted_at} /></dd></div>
          <div>
            <dt>{known.withdrawn_at ? words.case.withdrawn : words.case.closed}</dt>
            <dd>{known.closed_at || known.withdrawn_at ? <When at={known.closed_at ?? known.withdrawn_at} /> : words.case.open}</dd>
          </div>
          <div><dt>{words.case.last}</dt><dd><When at={known.last_event_at} /> <span className="soft">{fill(words.case.events, { count: known.events })}</span></dd></div>
        </dl>
      </Card>
    </>
  );
}

function Entries({ timeline, item }: { timeline: Timeline; item: string | null | undefined }) {
  const { words, lang } = useLanguage();
  const names = useNames();
  const [only, setOnly] = useState("all");
  const entries = timeline.entries.filter((entry) => only === "all" || entry.entry === "alarm");
  return (
    <Card title={words.case.timeline} extra={<Segmented value={only} options={[{ value: "all", label: words.case.all }, { value: "alarms", label: words.case.onlyAlarms }]} onChange={setOnly} />}>
      {timeline.truncated && <p className="soft">{words.case.truncated}</p>}
      {entries.length === 0 && <Nothing title={words.case.none} />}
      <ol className="timeline">
        {entries.map((entry) => {
          if (entry.entry === "alarm") {
            const { alarm } = entry;
            return (
              <li key={`alarm ${alarm.id}`} className={`entry alarm ${alarm.light}`}>
                <p className="entry-time"><When at={entry.at} /></p>
                <div className="entry-body">
                  <p><Light light={alarm.light} hollow={alarm.state !== "raised"} /> <Link to={`/alarms/${alarm.id}`}>{word(words.code, alarm.code)}</Link>{alarm.step && <> · {names.step(alarm.item, alarm.step)}</>} <span className="soft">{word(words.state, alarm.state)}</span></p>
                  <p className="soft">{alarm.explanation[lang]}</p>
                </div>
              </li>
            );
          }
          const { event } = entry;
          const data = (event.record as { data?: Record<string, unknown> }).data ?? {};
          const step = data["step"] ?? data["from"];
          return (
            <li key={`${event.source} ${event.id}`} className="entry">
              <p className="entry-time"><When at={entry.at} /></p>
              <div className="entry-body">
                <p>
                  <strong>{word(words.event, event.type)}</strong>
                  {typeof step === "string" && <> · {names.step(item, step)}</>}
                  {typeof data["to"] === "string" && <> → {names.step(item, data["to"])}</>}
                </p>
                <Raw value={event.record} note={event.masked ? words.alarm.masked : undefined} />
              </div>
            </li>
          );
        })}
      </ol>
    </Card>
  );
}
