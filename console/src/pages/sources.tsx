// Data and system: whether all is in, how far behind, what was set aside, and what an operator must hear of.

import { Alert, Button, Tag } from "antd";
import type { Completeness, IncidentList, Me, Progress } from "../api/client.ts";
import { useCompleteness, useDeadLetters, useIncidents, useProgress } from "../api/queries.ts";
import { Answered, Card, Nothing, Trouble, When } from "../parts/basic.tsx";
import { useNames } from "../parts/names.tsx";
import { Raw } from "../parts/raw.tsx";
import { Title } from "../parts/title.tsx";
import { duration } from "../pure/time.ts";
import { fill, useLanguage, word } from "../words/index.tsx";

export default function Sources({ me }: { me: Me }) {
  const { words } = useLanguage();
  const { sees } = me;
  const completeness = useCompleteness(sees.pipeline);
  const progress = useProgress(sees.pipeline);
  const incidents = useIncidents(sees.incidents);
  return (
    <>
      <Title text={words.nav.sources}><a href="/api/v1/openapi.json">{words.sources.api}</a></Title>
      {sees.incidents && <Card title={words.sources.incidents}><Answered of={incidents}>{(data) => <Incidents list={data} />}</Answered></Card>}
      {sees.pipeline && (
        <Card title={words.sources.completeness}>
          <Answered of={completeness}>{(data) => <Standing completeness={data} progress={progress.data} />}</Answered>
        </Card>
      )}
      {sees.dead_letters && <DeadLetters />}
    </>
  );
}

function Standing({ completeness, progress }: { completeness: Completeness; progress: Progress | undefined }) {
  const { words, lang } = useLanguage();
  const said = words.sources;
  const clocks = new Map(progress?.partitions.map((partition) => [partition.partition, partition]));
  const behind = completeness.oldest_age_ms;
  return (
    <>
      <Alert type={completeness.complete ? "success" : "warning"} showIcon title={completeness.complete ? said.complete : said.incomplete}
        description={<>{behind > 0 ? fill(said.behind, { length: duration(behind, lang) }) : said.upToDate}{completeness.read_at && <> · {said.checked} <When at={completeness.read_at} /></>}</>} />
      <p className="soft">{said.standing}</p>
      <div className="scroll-x" tabIndex={0} role="region" aria-label={said.completeness}>
        <table className="simple numbers">
          <thead><tr><th scope="col">{said.partition}</th><th scope="col">{said.published}</th><th scope="col">{said.processed}</th><th scope="col">{said.stored}</th><th scope="col">{said.oldest}</th><th scope="col">{said.clock}</th><th scope="col" /></tr></thead>
          <tbody>
            {completeness.partitions.map((partition) => {
              const clock = clocks.get(partition.partition);
              return (
                <tr key={partition.partition}>
                  <th scope="row">{partition.partition}</th>
                  <td>{partition.published_to}</td><td>{partition.processed_to}</td><td>{partition.stored_to}</td>
                  <td>{partition.oldest_age_ms > 0 ? duration(partition.oldest_age_ms, lang) : "—"}</td>
                  <td>{clock ? <><When at={clock.clock} /> <span className="soft">{clock.clock_lag_ms > 1_000 ? fill(said.behind, { length: duration(clock.clock_lag_ms, lang) }) : ""}</span></> : "—"}</td>
                  <td>{partition.halted ? <Tag variant="outlined" color="error">{said.halted}</Tag> : partition.complete ? "✓" : "…"}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Incidents({ list }: { list: IncidentList }) {
  const { words, lang } = useLanguage();
  const said = words.sources;
  if (list.incidents.length === 0) return <Alert type="success" showIcon title={said.noIncidents} description={said.noIncidentsWhat} />;
  return (
    <ol className="events">
      {list.incidents.map((incident) => (
        <li key={incident.id}>
          <p><strong>{incident.kind}</strong> {incident.halts && <Tag variant="outlined" color="error">{said.halts}</Tag>} · {incident.topic} {incident.partition} · {incident.from ?? "?"}–{incident.to ?? "?"} · <When at={incident.at} /></p>
          <p>{incident.explanation[lang]}</p>
        </li>
      ))}
    </ol>
  );
}

function DeadLetters() {
  const { words } = useLanguage();
  const names = useNames();
  const said = words.sources;
  const letters = useDeadLetters(true);
  const rows = letters.data?.pages.flatMap((page) => page.dead_letters) ?? [];
  return (
    <Card title={said.deadLetters}>
      {letters.error && <Trouble error={letters.error} />}
      <Answered of={letters}>
        {() => rows.length === 0 ? <Nothing title={said.noDeadLetters} what={said.noDeadLettersWhat} /> : (
          <>
            <div className="scroll-x" tabIndex={0} role="region" aria-label={said.deadLetters}>
              <table className="simple">
                <thead><tr><th scope="col">{said.time}</th><th scope="col">{said.reason}</th><th scope="col">{said.sentence}</th><th scope="col">{words.columns.org}</th><th scope="col">{said.offset}</th></tr></thead>
                <tbody>
                  {rows.map((letter) => (
                    <tr key={`${letter.topic} ${letter.partition} ${letter.offset} ${letter.part}`}>
                      <td><When at={letter.record_time} /></td>
                      <td className="nowrap">{word(words.reason, letter.reason)}</td>
                      <td className="letter">
                        {letter.sentence}
                        <Raw value={"text" in letter.payload ? letter.payload.text : letter.payload.base64} label={`${said.payload} · ${fill(said.bytes, { count: letter.payload_bytes })}`} note={letter.masked ? words.alarm.masked : undefined} />
                      </td>
                      <td className="org-cell">{names.org(letter.org) || "—"}</td>
                      <td className="small">{letter.topic}<br />{letter.partition}/{letter.offset}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            {letters.hasNextPage && <Button onClick={() => void letters.fetchNextPage()} loading={letters.isFetchingNextPage}>{said.more}</Button>}
          </>
        )}
      </Answered>
    </Card>
  );
}
