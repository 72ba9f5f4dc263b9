// The dry run of a version: begun by its submitter, and what it found, as charts.

import { Alert, Button, Progress } from "antd";
import { Link } from "react-router";
import { beginDryRun, type Me, type VersionHead } from "../api/client.ts";
import { useDryRun } from "../api/queries.ts";
import { deltas, total, type Counts, type Delta, type Part, type Report } from "../pure/dry_run.ts";
import { fill, useLanguage, word } from "../words/index.tsx";
import { Answered, Light, Nothing, When } from "./basic.tsx";
import { useNames } from "./names.tsx";
import { useSend } from "./send.tsx";

const WAYS = ["added", "removed", "changed"] as const;
const SIGNS = { added: "+", removed: "−", changed: "~" };

/** Whether a dry run may be begun: docs/workflow.md. */
export function mayTry(version: VersionHead, me: Me): boolean {
  return me.grants.some((grant) => grant.role === "submitter") && ["draft", "legally_passed", "submitted"].includes(version.state);
}

export function DryRun({ rule, version, me }: { rule: string; version: VersionHead; me: Me }) {
  const { words } = useLanguage();
  const said = words.dryRun;
  const standing = useDryRun(rule, version.number);
  const { send, busy, said: trouble } = useSend((key, number: number) => beginDryRun(rule, number, key), () => said.begun, () => undefined);
  return (
    <Answered of={standing}>
      {(data) => {
        const running = data.state === "running";
        const report = data.report as unknown as Report | null | undefined;
        const share = data.total ? Math.floor((100 * (data.done ?? 0)) / data.total) : 0;
        return (
          <div className="dry-run">
            {running && <div role="status"><p>{said.running}</p><Progress percent={share} aria-label={said.running} /></div>}
            {data.failure && <Alert type="error" showIcon title={said.failed} description={data.failure} />}
            {trouble && <Alert type="warning" showIcon title={trouble} role="alert" />}
            {!running && mayTry(version, me) && <p><Button type={data.dry_run ? "default" : "primary"} loading={busy} onClick={() => send(version.number)}>{data.dry_run ? said.again : said.begin}</Button></p>}
            {data.dry_run && <p><Sums counts={data.dry_run} /> <span className="soft">{data.dry_run.is_computed ? said.computed : said.handedIn}</span></p>}
            {report && <Found report={report} />}
            {!data.dry_run && !running && <Nothing title={said.none} what={words.rules.dryRunNone} />}
          </div>
        );
      }}
    </Answered>
  );
}

function Sums({ counts }: { counts: Counts }) {
  const { words } = useLanguage();
  return <strong className="deltas-sum">{WAYS.map((way) => <span key={way} className={`delta ${way}`}>{SIGNS[way]} {counts[way].toLocaleString()} {words.dryRun[way]}</span>)}</strong>;
}

function Found({ report }: { report: Report }) {
  const { words } = useLanguage();
  const said = words.dryRun;
  return (
    <>
      <p className="soft">{fill(said.over, { cases: report.cases.toLocaleString(), events: report.events.toLocaleString() })} · {said.against} {report.against} · {said.asOf} <When at={report.as_of} /></p>
      <h3>{said.history}</h3>
      <PartCharts part={report.history} />
      {report.switch && <><h3>{said.switch}</h3><PartCharts part={report.switch} /></>}
    </>
  );
}

function PartCharts({ part }: { part: Part }) {
  const { words, lang } = useLanguage();
  const names = useNames();
  const said = words.dryRun;
  const rest = (key: string, name: string) => (key === "*" ? said.rest : name);
  return (
    <>
      <p>{fill(said.alarms, { before: part.alarms_before.toLocaleString(), after: part.alarms_after.toLocaleString() })}</p>
      {total(part.counts) === 0 ? <Nothing title={said.same} /> : (
        <>
          <div className="delta-charts">
            <Chart title={words.overview.byKind} rows={deltas(part.groups, "kind")} name={(key) => rest(key, word(words.kind, key))} />
            <Chart title={words.overview.byOrg} rows={deltas(part.groups, "org")} name={(key) => rest(key, names.org(key))} />
            <Chart title={said.byMonth} rows={deltas(part.groups, "month")} name={(key) => rest(key, key)} />
          </div>
          {part.samples.length > 0 && (
            <details className="raw">
              <summary>{fill(said.samples, { count: part.samples.length })}</summary>
              <ul className="events">
                {part.samples.map((sample) => (
                  <li key={`${sample.direction} ${sample.finding_id}`}>
                    <p><span className={`delta ${sample.direction}`}>{SIGNS[sample.direction]} {said[sample.direction]}</span> · <Light light={sample.light} /> {word(words.code, sample.code)} · <Link to={`/cases/${encodeURIComponent(sample.case)}`}>{sample.case}</Link> · <When at={sample.violated_at} /></p>
                    <p className="soft">{sample.explanation[lang]}</p>
                    {sample.was && <p className="soft">{said.was}: {sample.was[lang]}</p>}
                  </li>
                ))}
              </ul>
            </details>
          )}
        </>
      )}
    </>
  );
}

function Chart({ title, rows, name }: { title: string; rows: Delta[]; name: (key: string) => string }) {
  const { words } = useLanguage();
  const most = Math.max(1, ...rows.map(total));
  return (
    <table className="delta-chart">
      <caption>{title}</caption>
      <tbody>
        {rows.map((row) => (
          <tr key={row.key}>
            <th scope="row" title={name(row.key)}>{name(row.key)}</th>
            <td aria-hidden="true"><span className="bar-line">{WAYS.map((way) => <span key={way} className={`delta-bar ${way}`} style={{ width: `${(100 * row[way]) / most}%` }} />)}</span></td>
            <td className="delta-numbers">{WAYS.filter((way) => row[way] > 0).map((way) => <span key={way} title={words.dryRun[way]}>{SIGNS[way]}{row[way]}</span>)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
