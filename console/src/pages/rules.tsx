// 监察规则: what is under review or in force, and the items of the catalogue.

import { Input } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import type { Me, RuleList } from "../api/client.ts";
import { useRules } from "../api/queries.ts";
import { Answered, Card, Nothing, Trouble } from "../parts/basic.tsx";
import { useNames } from "../parts/names.tsx";
import { StateTag } from "../parts/rule_state.tsx";
import { Title } from "../parts/title.tsx";
import { Failure } from "../api/client.ts";
import { fill, named, useLanguage, word } from "../words/index.tsx";

const address = (rule: string) => `/rules/${encodeURIComponent(rule)}`;

export default function Rules({ me }: { me: Me }) {
  const { words } = useLanguage();
  const rules = useRules();
  if (!me.sees.rules) return <Trouble error={new Failure(403, {})} />;
  return (
    <>
      <Title text={words.nav.rules} />
      <Card title={words.rules.list}><Answered of={rules}>{(data) => <List list={data} />}</Answered></Card>
      <Items />
    </>
  );
}

function List({ list }: { list: RuleList }) {
  const { words } = useLanguage();
  const names = useNames();
  if (list.rules.length === 0) return <Nothing title={words.rules.none} what={words.rules.noneWhat} />;
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label={words.rules.list}>
      <table className="simple">
        <thead><tr><th scope="col">{words.columns.item}</th><th scope="col">{words.rules.org}</th><th scope="col">{words.rules.newest}</th><th scope="col">{words.rules.inForce}</th></tr></thead>
        <tbody>
          {list.rules.map((rule) => (
            <tr key={rule.id}>
              <th scope="row"><Link to={address(rule.id)}>{names.item(rule.id.split("#")[0])}</Link> <span className="soft">{rule.id}</span></th>
              <td>{names.org(rule.org)}</td>
              <td>v{rule.newest.number} <StateTag version={rule.newest} /></td>
              <td>{rule.in_force ? `v${rule.in_force}` : <span className="soft">—</span>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Items() {
  const { words, lang } = useLanguage();
  const { catalogue } = useNames();
  const [text, setText] = useState("");
  const wanted = text.trim().toLowerCase();
  const items = (catalogue?.items ?? []).filter((item) => `${item.code} ${item.name.zh} ${item.name.en ?? ""}`.toLowerCase().includes(wanted));
  return (
    <Card title={words.rules.items} extra={<Input.Search allowClear aria-label={words.rules.search} placeholder={words.rules.search} value={text} onChange={(event) => setText(event.target.value)} className="search" />}>
      {items.length === 0 ? <Nothing title={words.rules.noItems} /> : (
        <ul className="items">
          {items.map((item) => (
            <li key={item.code}>
              <Link to={address(item.code)}>
                <strong>{named(item.name, lang)}</strong>
                <span className="soft">{item.code} · {word(words.category, item.category)}</span>
                <span className="soft small">{item.steps.map((step) => named(step.name, lang)).join(" → ")}</span>
              </Link>
            </li>
          ))}
        </ul>
      )}
      {catalogue?.version && <p className="soft small">{words.rules.catalogueVersion} {fill("{version}", { version: catalogue.version })}</p>}
    </Card>
  );
}
