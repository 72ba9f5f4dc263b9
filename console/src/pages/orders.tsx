// 督办中心: what waits for the person and for his unit, what he follows, and the orders themselves.

import { Select, Tabs } from "antd";
import { Link, useSearchParams } from "react-router";
import { Failure, type Me, type OrderHead, type Todo } from "../api/client.ts";
import { useOrders, useTodo } from "../api/queries.ts";
import { Answered, Nothing, Trouble, When } from "../parts/basic.tsx";
import { useNames } from "../parts/names.tsx";
import { LateTag, StageTag } from "../parts/order_state.tsx";
import { Title } from "../parts/title.tsx";
import { consoleLink } from "../pure/filters.ts";
import { fill, useLanguage, word } from "../words/index.tsx";

/** Lists of orders by where they are; the others are to-do lists. */
const STAGES: Record<string, string[]> = {
  replied: ["replied"],
  closed: ["revoked", "upheld", "withdrawn"],
  all: [],
};
const LISTS = ["mine", "unit", "followed", "replied", "closed", "all"] as const;

export default function Orders({ me }: { me: Me }) {
  const { words } = useLanguage();
  const [search, setSearch] = useSearchParams();
  const todo = useTodo(me.sees.todo);
  if (!me.sees.todo) return <Trouble error={new Failure(403, {})} />;
  const said = words.orders;
  const list = LISTS.find((known) => known === search.get("list")) ?? "mine";
  const shown = LISTS.filter((known) => me.sees.orders || !(known in STAGES));
  const count = (known: string) => (known === "mine" || known === "unit" || known === "followed" ? todo.data?.[known].count : undefined);
  const label = (known: (typeof LISTS)[number]) => <>{said.lists[known]}{count(known) !== undefined && <span className="count"> {count(known)}</span>}</>;
  return (
    <>
      <Title text={words.nav.orders} />
      <section className="card">
        <Tabs activeKey={list} onChange={(key) => setSearch(key === "mine" ? {} : { list: key })} destroyOnHidden
          items={shown.map((known) => ({
            key: known, label: label(known),
            children: known in STAGES
              ? <OrderTable stages={STAGES[known] ?? []} />
              : <Answered of={todo}>{(data) => (known === "followed" ? <FollowedTable todo={data} /> : <Waiting items={known === "mine" ? data.mine.items : data.unit.items} truncated={known === "mine" ? data.mine.truncated : data.unit.truncated} />)}</Answered>,
          }))} />
      </section>
    </>
  );
}

function Waiting({ items, truncated }: { items: Todo["mine"]["items"]; truncated: boolean }) {
  const { words } = useLanguage();
  const names = useNames();
  const said = words.orders;
  if (items.length === 0) return <Nothing title={said.nothingWaits} what={said.nothingWaitsWhat} />;
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label={words.nav.orders}>
      <table className="simple">
        <thead><tr><th scope="col">{said.what}</th><th scope="col">{said.object}</th><th scope="col">{words.columns.org}</th><th scope="col">{words.columns.case}</th><th scope="col">{said.who}</th><th scope="col">{said.since}</th><th scope="col">{said.due}</th></tr></thead>
        <tbody>
          {items.map((item) => (
            <tr key={`${item.what} ${item.object}`}>
              <th scope="row"><strong>{word(said.wait, item.what)}</strong></th>
              <td><Link to={consoleLink(item.link)}>{item.object}</Link></td>
              <td>{names.org(item.org) || "—"}</td>
              <td>{item.cases.slice(0, 2).map((id) => <Link key={id} className="listed" to={`/cases/${encodeURIComponent(id)}`}>{id}</Link>)}{item.cases.length > 2 && <span className="soft">{fill(said.andMore, { count: item.cases.length - 2 })}</span>}</td>
              <td>{[...item.roles.map((role) => word(words.role, role)), ...item.persons].join(" · ")}</td>
              <td><When at={item.since} /></td>
              <td><When at={item.due} /> {item.late && <LateTag />}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {truncated && <p className="soft">{said.cut}</p>}
    </div>
  );
}

function FollowedTable({ todo }: { todo: Todo }) {
  const { words } = useLanguage();
  const names = useNames();
  const said = words.orders;
  const { items } = todo.followed;
  if (items.length === 0) return <Nothing title={said.nothingFollowed} what={said.nothingFollowedWhat} />;
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label={said.lists.followed}>
      <table className="simple">
        <thead><tr><th scope="col">{said.object}</th><th scope="col">{said.reason}</th><th scope="col">{words.columns.org}</th><th scope="col">{said.order}</th><th scope="col">{said.since}</th></tr></thead>
        <tbody>
          {items.map((item) => (
            <tr key={`${item.kind} ${item.id}`}>
              <th scope="row">{item.kind === "alarm" ? words.columns.code : words.columns.case} <Link to={consoleLink(item.link)}>{item.id}</Link></th>
              <td>{item.reason}</td>
              <td>{names.org(item.org) || "—"}</td>
              <td>{item.order ? <><Link to={`/orders/${encodeURIComponent(item.order)}`}>{item.order}</Link> {item.stage && <StageTag stage={item.stage} />}</> : "—"}</td>
              <td><When at={item.since} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function OrderTable({ stages }: { stages: string[] }) {
  const { words } = useLanguage();
  const names = useNames();
  const [search, setSearch] = useSearchParams();
  const said = words.orders;
  const org = search.get("org");
  const asked = new URLSearchParams(stages.map((stage) => ["stage", stage]));
  if (org) asked.append("org", org);
  const orders = useOrders(asked);
  const orgs = names.catalogue?.orgs.map((one) => ({ value: one.id, label: one.name })) ?? [];
  return (
    <>
      <label className="field org-field"><span>{words.columns.org}</span>
        <Select allowClear showSearch={{ optionFilterProp: "label" }} aria-label={words.columns.org} placeholder={words.alarms.any} value={org} options={orgs}
          onChange={(value?: string) => setSearch((old) => { if (value) old.set("org", value); else old.delete("org"); return old; })} />
      </label>
      <Answered of={orders}>
        {(data) => data.orders.length === 0 ? <Nothing title={said.none} what={said.noneWhat} /> : (
          <>
            <div className="scroll-x" tabIndex={0} role="region" aria-label={words.nav.orders}>
              <table className="simple">
                <thead><tr><th scope="col">{said.number}</th><th scope="col">{words.columns.state}</th><th scope="col">{words.columns.org}</th><th scope="col">{words.nav.alarms}</th><th scope="col">{said.tasks}</th><th scope="col">{said.opened}</th><th scope="col">{said.due}</th></tr></thead>
                <tbody>{data.orders.map((order) => <OrderRow key={order.number} order={order} />)}</tbody>
              </table>
            </div>
            {data.next && <p className="soft">{said.cut}</p>}
          </>
        )}
      </Answered>
    </>
  );
}

function OrderRow({ order }: { order: OrderHead }) {
  const { words } = useLanguage();
  const names = useNames();
  const pending = order.tasks.filter((task) => task.state === "pending").length;
  return (
    <tr>
      <th scope="row"><Link to={`/orders/${encodeURIComponent(order.number)}`}>{order.number}</Link></th>
      <td><StageTag stage={order.stage} /> {order.late && <LateTag />}</td>
      <td>{names.org(order.org)}</td>
      <td>{fill(words.orders.alarmCount, { count: order.alarms.length })}</td>
      <td>{order.tasks.length === 0 ? "—" : fill(words.orders.taskCount, { count: order.tasks.length, pending })}</td>
      <td><When at={order.opened_at} /></td>
      <td><When at={order.due} /></td>
    </tr>
  );
}
