// One order: its chain of numbers, what can be done with it now, its alarms, and all that was done in it.

import { Link, useParams } from "react-router";
import type { Me, OrderDetail } from "../api/client.ts";
import { useOrder } from "../api/queries.ts";
import { Answered, Card, Light, When } from "../parts/basic.tsx";
import { ChainPicture } from "../parts/chain.tsx";
import { useNames } from "../parts/names.tsx";
import { OrderCommands } from "../parts/order_commands.tsx";
import { LateTag, StageTag } from "../parts/order_state.tsx";
import { Title } from "../parts/title.tsx";
import { waitsFor } from "../pure/orders.ts";
import { fill, useLanguage, word } from "../words/index.tsx";

export default function OrderPage({ me }: { me: Me }) {
  const { id = "" } = useParams();
  const order = useOrder(id);
  return <Answered of={order}>{(data) => <Shown order={data} me={me} />}</Answered>;
}

function Shown({ order, me }: { order: OrderDetail; me: Me }) {
  const { words } = useLanguage();
  const names = useNames();
  const said = words.orders;
  const turn = waitsFor(order.stage);
  return (
    <>
      <Title text={`${said.order} ${order.number}`}>
        <div className="tools">
          <Link to="/orders">{said.back}</Link>
          <Link to={`/orders/${encodeURIComponent(order.number)}/document`}>{said.document}</Link>
          <OrderCommands order={order} me={me} />
        </div>
      </Title>
      <Card>
        <p className="lead"><StageTag stage={order.stage} /> {order.late && <LateTag />} {turn && <span className="turn">{fill(said.waits, { role: word(words.role, turn) })}</span>}</p>
        <dl className="facts">
          <div><dt>{words.columns.org}</dt><dd>{names.org(order.org)}</dd></div>
          <div><dt>{said.opened}</dt><dd><When at={order.opened_at} /></dd></div>
          <div><dt>{said.replyBy}</dt><dd><When at={order.due} /> <span className="soft">{fill(said.dayCount, { count: order.days })}{order.provisional && ` · ${words.alarm.provisional}`}</span></dd></div>
          <div><dt>{said.closeBy}</dt><dd><When at={order.close_by} /></dd></div>
          {order.round > 0 && <div><dt>{said.round}</dt><dd>{order.round + 1}</dd></div>}
        </dl>
      </Card>
      <div className="grid">
        <Card title={said.chain} className="wide"><ChainPicture order={order} /></Card>
        <Card title={fill(said.alarmCount, { count: order.alarms.length })}><Alarms order={order} /></Card>
        <Card title={said.history}><History order={order} /></Card>
      </div>
    </>
  );
}

function Alarms({ order }: { order: OrderDetail }) {
  const { words } = useLanguage();
  const names = useNames();
  return (
    <ul className="events">
      {order.alarms.map((alarm) => (
        <li key={alarm.id}>
          <p><Light light={alarm.light} hollow={alarm.state !== "raised"} /> <Link to={`/alarms/${alarm.id}`}>{word(words.code, alarm.code)}</Link> · <Link to={`/cases/${encodeURIComponent(alarm.case)}`}>{alarm.case}</Link></p>
          <p className="soft">{names.item(alarm.item)} · <When at={alarm.raised_at} /> · {word(words.state, alarm.state)}</p>
          {alarm.changed && <p className="late-words">{fill(words.orders.changed, { from: alarm.revision, to: alarm.newest_revision })}</p>}
        </li>
      ))}
    </ul>
  );
}

function History({ order }: { order: OrderDetail }) {
  const { words } = useLanguage();
  const said = words.orders;
  return (
    <ol className="events">
      {order.history.map((done) => (
        <li key={`${done.at} ${done.do} ${done.order} ${done.alarm ?? ""}`}>
          <p><strong>{word(said.deed, done.do)}</strong> {done.order}{done.handler && ` → ${done.handler}`}{done.category && ` · ${word(said.categories, done.category)}`}{done.what && ` · ${word(said.wait, done.what)}`}</p>
          <p className="soft">{done.person} · {word(words.role, done.role)} · <When at={done.at} /></p>
          {done.text && <p className="said">{done.text}</p>}
          {done.evidence.length > 0 && <ul className="plain-list">{done.evidence.map((one) => <li key={one}>{said.evidence}: {one}</li>)}</ul>}
        </li>
      ))}
    </ol>
  );
}
