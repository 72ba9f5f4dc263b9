// One item: its flow with the points on it, its versions, what they change, what lint says, and their way through review.

import { Alert, Tabs } from "antd";
import { Link, useParams, useSearchParams } from "react-router";
import { Failure, type Me, type Rule, type VersionHead } from "../api/client.ts";
import { useAudit, useDiff, useItem, useLint, useRule, useVersion } from "../api/queries.ts";
import { Answered, Card, Loading, Nothing, Scroll, Trouble, When } from "../parts/basic.tsx";
import { Commands, Draft } from "../parts/commands.tsx";
import { DryRun } from "../parts/dry_run.tsx";
import { FlowChart } from "../parts/flow.tsx";
import { useNames } from "../parts/names.tsx";
import { Raw } from "../parts/raw.tsx";
import { Chain, StateTag } from "../parts/rule_state.tsx";
import { Title } from "../parts/title.tsx";
import type { Item } from "../pure/facts.ts";
import { turn } from "../pure/review.ts";
import { fill, named, useLanguage, word } from "../words/index.tsx";

export default function RulePage({ me }: { me: Me }) {
  const { id = "" } = useParams();
  const rule = useRule(id, me.sees.rules);
  const isNew = rule.error instanceof Failure && rule.error.status === 404;
  if (!me.sees.rules) return <Trouble error={new Failure(403, {})} />;
  if (rule.data) return <Reviewed rule={rule.data} me={me} />;
  if (isNew) return <Catalogued code={id} me={me} onDraft={() => void rule.refetch()} />;
  return rule.error ? <Trouble error={rule.error} /> : <Loading />;
}

/** An item that nobody has drafted anew: as the catalogue has it. */
function Catalogued({ code, me, onDraft }: { code: string; me: Me; onDraft: () => void }) {
  const { words } = useLanguage();
  const names = useNames();
  const item = useItem(code);
  return (
    <Answered of={item}>
      {(data) => (
        <>
          <Title text={names.item(code)}>
            <div className="tools">
              <Link to="/rules">{words.rules.back}</Link>
              <Draft target={{ rule: code, revision: 0 }} org={null} content={data} me={me} label={words.rules.draft} onDone={onDraft} />
            </div>
          </Title>
          <p className="soft">{code} · {word(words.category, data.category)} · {words.rules.fromCatalogue}</p>
          <Card title={words.rules.flow}><FlowChart item={data} /></Card>
          <Details item={data} />
        </>
      )}
    </Answered>
  );
}

function Reviewed({ rule, me }: { rule: Rule; me: Me }) {
  const { words } = useLanguage();
  const names = useNames();
  const [search, setSearch] = useSearchParams();
  const newest = rule.versions.at(-1);
  const version = rule.versions.find((one) => String(one.number) === search.get("v")) ?? newest;
  const detail = useVersion(rule.id, version?.number);
  if (!version || !newest) return <Loading />;
  const over = ["approved", "returned", "withdrawn"].includes(newest.state);
  const content = detail.data?.content as unknown as Item | undefined;
  const isItem = Array.isArray(content?.steps);
  const show = (number: number) => setSearch((old) => { old.set("v", String(number)); return old; });
  const due = turn(version.state);
  const mine = me.grants.some((grant) => grant.role === due);
  return (
    <>
      <Title text={names.item(rule.id.split("#")[0])}>
        <div className="tools">
          <Link to="/rules">{words.rules.back}</Link>
          {version === newest && <Commands rule={rule} version={version} me={me} />}
          {version === newest && over && content && (
            <Draft target={{ rule: rule.id, revision: rule.revision }} org={rule.org} content={content} me={me} label={newest.state === "returned" ? words.rules.redraft : words.rules.draft} onDone={() => setSearch({})} />
          )}
        </div>
      </Title>
      <p className="soft">{rule.id} · {names.org(rule.org)} · {words.rules.revision} {rule.revision}</p>
      <Card title={<>{words.rules.chain} · v{version.number} <StateTag version={version} /></>}>
        <Chain version={version} />
        {version.return_reason && <Alert type="error" showIcon title={`${words.rules.reason}（${version.returned_by ?? ""}）`} description={version.return_reason} />}
        {due && version === newest && <p className={mine ? "turn" : "soft"}>{mine ? words.rules.yours : fill(words.rules.onlyRead, { role: word(words.role, due) })}</p>}
        {version.state === "submitted" && !version.dry_run && <Alert type="info" showIcon title={words.rules.dryRunNone} />}
        <dl className="facts">
          {version.from && <div><dt>{words.rules.from}</dt><dd><When at={version.from} /></dd></div>}
          <div><dt>{words.rules.version}</dt><dd>{word(words.rules.inFlight, version.in_flight)}</dd></div>
          {version.dry_run && <div><dt>{words.rules.dryRun}</dt><dd>{words.rules.added} {version.dry_run.added} · {words.rules.removed} {version.dry_run.removed} · {words.rules.changed} {version.dry_run.changed}</dd></div>}
          <div><dt>{words.rules.hash}</dt><dd className="hash">{version.hash.slice(0, 16)}…</dd></div>
        </dl>
      </Card>
      <Card>
        <Tabs
          activeKey={search.get("tab") ?? "diff"}
          onChange={(tab) => setSearch((old) => { old.set("tab", tab); return old; }, { replace: true })}
          items={[
            { key: "diff", label: words.rules.diff, children: <Diff rule={rule.id} version={version.number} /> },
            ...(isItem && content ? [{ key: "flow", label: words.rules.flow, children: <FlowChart item={content} /> }] : []),
            { key: "dry-run", label: words.rules.dryRun, children: <DryRun rule={rule.id} version={version} me={me} /> },
            { key: "lint", label: words.rules.lint, children: <Lint rule={rule.id} version={version.number} /> },
            { key: "versions", label: words.rules.versions, children: <Versions versions={rule.versions} shown={version.number} onShow={show} inForce={rule.in_force ?? null} /> },
            ...(content ? [{ key: "content", label: words.rules.content, children: <Raw value={content} label={words.rules.content} open /> }] : []),
            ...(me.sees.audit ? [{ key: "audit", label: words.rules.audit, children: <Audit rule={rule.id} /> }] : []),
          ]}
        />
      </Card>
      {isItem && content && <Details item={content} />}
    </>
  );
}

/** Longer sentences only say again what stands below them, signs. */
const MESSAGE_MOST = 120;

function Diff({ rule, version }: { rule: string; version: number }) {
  const { words, lang } = useLanguage();
  const diff = useDiff(rule, version);
  return (
    <Answered of={diff}>
      {(data) => (
        <>
          {data.against == null && <p className="soft">{words.rules.allNew}</p>}
          {data.changes.length === 0 && <Nothing title={words.rules.noDiff} />}
          <ul className="diff">
            {(data.against == null ? [] : data.changes).map((change) => (
              <li key={change.path}>
                <p>{change.message[lang].length <= MESSAGE_MOST ? change.message[lang] : <code>{change.path}</code>}</p>
                {change.old !== undefined && change.old !== null && <pre className="old" tabIndex={0}>− {JSON.stringify(change.old)}</pre>}
                {change.new !== undefined && change.new !== null && <pre className="new" tabIndex={0}>+ {JSON.stringify(change.new)}</pre>}
              </li>
            ))}
          </ul>
        </>
      )}
    </Answered>
  );
}

function Lint({ rule, version }: { rule: string; version: number }) {
  const { words, lang } = useLanguage();
  const lint = useLint(rule, version);
  return (
    <Answered of={lint}>
      {(data) => data.findings.length === 0 ? <Alert type="success" showIcon title={words.rules.lintClean} /> : (
        <ul className="plain-list">
          {data.findings.map((finding) => (
            <li key={`${finding.code} ${finding.path}`}><Alert type={finding.severity === "error" ? "error" : "warning"} showIcon title={`${word(words.severity, finding.severity)} · ${finding.message[lang]}`} description={<code>{finding.path} · {finding.code}</code>} /></li>
          ))}
        </ul>
      )}
    </Answered>
  );
}

function Versions({ versions, shown, onShow, inForce }: { versions: VersionHead[]; shown: number; onShow: (number: number) => void; inForce: number | null }) {
  const { words } = useLanguage();
  return (
    <Scroll label={words.rules.versions}><table className="simple">
      <thead><tr><th scope="col">{words.rules.version}</th><th scope="col">{words.columns.state}</th><th scope="col">{words.rules.authors}</th><th scope="col">{words.rules.from}</th></tr></thead>
      <tbody>
        {[...versions].reverse().map((version) => (
          <tr key={version.number} aria-current={version.number === shown || undefined}>
            <th scope="row"><button type="button" className="text-button" onClick={() => onShow(version.number)}>v{version.number}</button>{version.number === inForce && <> · {words.rules.inForce}</>}</th>
            <td><StateTag version={version} /></td>
            <td>{version.authors.join("、")}</td>
            <td><When at={version.from} /></td>
          </tr>
        ))}
      </tbody>
    </table></Scroll>
  );
}

function Audit({ rule }: { rule: string }) {
  const { words, lang } = useLanguage();
  const audit = useAudit(rule, true);
  return (
    <Answered of={audit}>
      {(data) => data.entries.length === 0 ? <Nothing title={words.rules.noAudit} /> : (
        <ol className="events">
          {[...data.entries].reverse().map((entry) => (
            <li key={entry.seq}>
              <p><strong>{word(words.action, entry.action)}</strong>{entry.version != null && ` v${entry.version}`} · {entry.person} · {word(words.role, entry.role)} · <When at={entry.at} /> · {entry.outcome === "accepted" ? words.rules.accepted : words.rules.refused}</p>
              {entry.message && <p className="soft">{entry.message[lang]}</p>}
            </li>
          ))}
        </ol>
      )}
    </Answered>
  );
}

/** Limits and points as tables, for who would rather read. */
function Details({ item }: { item: Item }) {
  const { words, lang } = useLanguage();
  const names = new Map(item.steps.map((step) => [step.id, lang === "en" ? (step.name.en ?? step.name.zh) : step.name.zh]));
  const scope = (limit: NonNullable<Item["limits"]>[number]) =>
    limit.scope === "case" ? words.columns.case : "step" in limit.scope ? names.get(limit.scope.step) : `${names.get(limit.scope.from)} → ${names.get(limit.scope.to)}`;
  return (
    <div className="grid">
      <Card title={words.rules.limits}>
        <Scroll label={words.rules.limits}><table className="simple">
          <tbody>
            {(item.limits ?? []).map((limit) => (
              <tr key={limit.id}><th scope="row">{limit.id}</th><td>{scope(limit)}</td><td>{limit.days ?? limit.hours ?? limit.minutes} {word(words.unit, limit.minutes === undefined ? limit.unit : "minute")}</td><td className="soft">{limit.legal === "statutory" ? words.alarm.statutory : limit.legal === "promised" ? words.alarm.promised : ""}</td></tr>
            ))}
          </tbody>
        </table></Scroll>
      </Card>
      <Card title={words.rules.points}>
        <Scroll label={words.rules.points}><table className="simple">
          <tbody>
            {(item.points ?? []).map((point) => (
              <tr key={point.id}><th scope="row">{point.id}</th><td>{word(words.kind, point.kind)}</td><td>{point.step ? names.get(point.step) : point.limit}</td></tr>
            ))}
          </tbody>
        </table></Scroll>
      </Card>
      {(item.risk_points?.length ?? 0) > 0 && (
        <Card title={words.rules.risks} className="wide">
          <Scroll label={words.rules.risks}><table className="simple">
            <thead><tr><th scope="col">{words.rules.gradeWord}</th><th scope="col">{words.columns.step}</th><th scope="col">{words.rules.risk}</th><th scope="col">{words.rules.measures}</th></tr></thead>
            <tbody>
              {item.risk_points?.map((risk) => (
                <tr key={risk.id}><th scope="row">{word(words.rules.grade, risk.grade)}</th><td>{names.get(risk.step)}</td><td>{named(risk.risk, lang)}</td><td>{risk.measures ? named(risk.measures, lang) : "—"}</td></tr>
              ))}
            </tbody>
          </table></Scroll>
        </Card>
      )}
    </div>
  );
}
