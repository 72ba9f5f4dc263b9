// An order as a document to print: what was asked and answered, with a place for signature and seal. The browser prints it,
// or keeps it as a PDF.

import { Button } from "antd";
import { Link, useParams } from "react-router";
import type { OrderDetail } from "../api/client.ts";
import { useOrder } from "../api/queries.ts";
import { Answered } from "../parts/basic.tsx";
import { useNames } from "../parts/names.tsx";
import { Title } from "../parts/title.tsx";
import { civilDate, dayWords, instantWords } from "../pure/time.ts";
import { fill, useLanguage, word } from "../words/index.tsx";

export default function OrderDocument() {
  const { id = "" } = useParams();
  const { words } = useLanguage();
  const order = useOrder(id);
  return (
    <>
      <Title text={words.orders.document}>
        <div className="tools">
          <Link to={`/orders/${encodeURIComponent(id)}`}>{words.orders.backToOrder}</Link>
          <Button type="primary" onClick={() => print()}>{words.orders.print}</Button>
        </div>
      </Title>
      <Answered of={order}>{(data) => <Paper order={data} />}</Answered>
    </>
  );
}

/** Documents give dates with their year, whenever they are read. */
const EVER = 0;

function Paper({ order }: { order: OrderDetail }) {
  const { words, lang } = useLanguage();
  const names = useNames();
  const said = words.orders;
  const at = (instant: string) => instantWords(Date.parse(instant), lang, EVER, names.zone);
  const opening = order.history.find((done) => done.do === "open");
  const later = order.history.filter((done) => done !== opening && !["notice", "escalate"].includes(done.do));
  return (
    <article className="paper" tabIndex={0}>
      <header>
        <h2>{said.documentTitle}</h2>
        <p>{fill(said.documentNumber, { number: order.number })}</p>
      </header>
      <p><strong>{fill(said.to, { org: names.org(order.org), role: word(words.role, "supervision_office") })}</strong></p>
      <p className="indented">{fill(said.documentText, { count: order.alarms.length, due: at(order.due), days: order.days })}</p>
      {opening?.text && <blockquote>{opening.text}</blockquote>}
      <table>
        <thead><tr><th scope="col">#</th><th scope="col">{words.columns.case}</th><th scope="col">{words.columns.item}</th><th scope="col">{words.columns.code}</th><th scope="col">{words.columns.light}</th><th scope="col">{words.columns.raised}</th></tr></thead>
        <tbody>
          {order.alarms.map((alarm, index) => (
            <tr key={alarm.id}><td>{index + 1}</td><td>{alarm.case}</td><td>{names.item(alarm.item)}</td><td>{word(words.code, alarm.code)}</td><td>{word(words.light, alarm.light)}</td><td>{at(alarm.raised_at)}</td></tr>
          ))}
        </tbody>
      </table>
      {later.length > 0 && (
        <>
          <h3>{said.documentSteps}</h3>
          <table>
            <thead><tr><th scope="col">{said.number}</th><th scope="col">{said.what}</th><th scope="col">{said.who}</th><th scope="col">{said.reason}</th></tr></thead>
            <tbody>
              {later.map((done) => (
                <tr key={`${done.at} ${done.do} ${done.order}`}>
                  <td>{done.order}</td>
                  <td>{word(said.deed, done.do)}{done.category && <><br />{word(said.categories, done.category)}</>}</td>
                  <td>{word(words.role, done.role)} {done.person}<br />{at(done.at)}</td>
                  <td>{done.text}{done.evidence.map((one) => <div key={one}>{said.evidence}: {one}</div>)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
      <footer>
        <p>{word(words.role, "supervision_bureau")}: ____________________</p>
        <p>{said.seal}</p>
        <p>{dayWords(civilDate(Date.parse(order.opened_at), names.zone), lang, "")}</p>
      </footer>
    </article>
  );
}
