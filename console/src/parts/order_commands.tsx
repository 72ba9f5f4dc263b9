// What a person may do with an order now, and the dialogs in which he does it.

import { Alert, Button, Input, InputNumber, Modal, Select } from "antd";
import { useState } from "react";
import { giveOrder, openOrder, type Me, type OrderAction, type OrderDetail } from "../api/client.ts";
import { offered, shortNumber, type Act } from "../pure/orders.ts";
import { fill, useLanguage, word } from "../words/index.tsx";
import { useSend } from "./send.tsx";

const CATEGORIES = ["handled_late", "misconfigured_rule", "data_fault", "objective_cause", "other"] as const;
type Category = (typeof CATEGORIES)[number];
/** Bytes of a text at most are 4000; three for a Chinese sign. */
const MOST_SIGNS = 1_300;
const DAYS = { open: 10, assign: 5, send_back: 5 };
const MOST_DAYS = 60;

export function OrderCommands({ order, me }: { order: OrderDetail; me: Me }) {
  const { words } = useLanguage();
  const [open, setOpen] = useState<Act | null>(null);
  const acts = offered(order, { id: me.id ?? "", grants: me.grants });
  const isMain = (act: Act) => ["answer", "reply", "revoke"].includes(act.do) || (act.do === "assign" && order.stage !== "answered");
  const name = (act: Act) => `${word(words.orders.deed, act.do)}${act.number === order.number ? "" : ` ${shortNumber(act.number)}`}`;
  return (
    <span className="commands">
      {acts.map((act) => (
        <Button key={`${act.do} ${act.number}`} type={isMain(act) ? "primary" : "default"} danger={act.do === "withdraw"} onClick={() => setOpen(act)}>{name(act)}</Button>
      ))}
      {open && <Dialog act={open} title={name(open)} order={order} onClose={() => setOpen(null)} />}
    </span>
  );
}

function Dialog({ act, title, order, onClose }: { act: Act; title: string; order: OrderDetail; onClose: () => void }) {
  const { words } = useLanguage();
  const said = words.orders;
  const { send, busy, said: trouble, unknown } = useSend(
    (key, action: OrderAction) => giveOrder(act.number, key, order.revision, action),
    () => fill(words.rules.done, { action: title }), onClose,
  );
  const [text, setText] = useState("");
  const [handler, setHandler] = useState("");
  const [evidence, setEvidence] = useState("");
  const [category, setCategory] = useState<Category>("handled_late");
  const [days, setDays] = useState(DAYS.assign);
  const reason = text.trim();
  const action = (): OrderAction => {
    const references = evidence.split("\n").map((line) => line.trim()).filter((line) => line !== "");
    switch (act.do) {
      case "assign": return { do: "assign", handler: handler.trim(), opinion: reason, days };
      case "answer": case "reply": return { do: act.do, reason, evidence: references };
      case "revoke": return { do: "revoke", category, reason, evidence: references };
      case "send_back": return { do: "send_back", reason, days };
      default: return { do: act.do, reason };
    }
  };
  const known = [...new Set(order.tasks.map((task) => task.handler))];
  const gives = ["answer", "reply", "revoke"].includes(act.do);
  const ready = reason !== "" && (act.do !== "assign" || handler.trim() !== "");
  return (
    <Modal open title={title} okText={unknown ? words.rules.again : title} cancelText={words.rules.cancel} confirmLoading={busy} onCancel={onClose}
      onOk={() => send(action())} okButtonProps={{ disabled: !ready, danger: act.do === "withdraw" }}>
      <p className="soft">{said.hint[act.do]}</p>
      {act.do === "assign" && (
        <label className="field">
          <span>{said.handler}</span>
          <Input value={handler} list="handlers" maxLength={128} autoFocus onChange={(event) => setHandler(event.target.value)} />
          <datalist id="handlers">{known.map((id) => <option key={id} value={id} />)}</datalist>
        </label>
      )}
      {act.do === "revoke" && (
        <label className="field"><span>{said.category}</span><Select aria-label={said.category} value={category} options={CATEGORIES.map((value) => ({ value, label: said.categories[value] }))} onChange={setCategory} /></label>
      )}
      <label className="field"><span>{act.do === "assign" ? said.opinion : said.reason}</span><Input.TextArea value={text} rows={4} maxLength={MOST_SIGNS} showCount onChange={(event) => setText(event.target.value)} /></label>
      {gives && <label className="field"><span>{said.evidence}</span><Input.TextArea value={evidence} rows={2} placeholder={said.evidenceHint} onChange={(event) => setEvidence(event.target.value)} /></label>}
      {(act.do === "assign" || act.do === "send_back") && <Days value={days} onChange={setDays} />}
      {trouble && <Alert type="warning" showIcon title={trouble} role="alert" />}
    </Modal>
  );
}

function Days({ value, onChange }: { value: number; onChange: (days: number) => void }) {
  const { words } = useLanguage();
  return (
    <label className="field">
      <span>{words.orders.days}</span>
      <InputNumber min={1} max={MOST_DAYS} precision={0} value={value} onChange={(days) => onChange(days ?? 1)} />
    </label>
  );
}

/** A new order (1), on one alarm or on several of one organisation. */
export function OpenOrder({ alarms, onClose, onDone }: { alarms: string[]; onClose: () => void; onDone: (number: string) => void }) {
  const { words } = useLanguage();
  const said = words.orders;
  const [opinion, setOpinion] = useState("");
  const [days, setDays] = useState(DAYS.open);
  const { send, busy, said: trouble, unknown } = useSend(
    (key, body: { alarms: string[]; opinion: string; days: number }) => openOrder(key, body),
    () => fill(words.rules.done, { action: said.open }), (answer) => onDone(answer.order),
  );
  return (
    <Modal open title={fill(said.openOn, { count: alarms.length })} okText={unknown ? words.rules.again : said.open} cancelText={words.rules.cancel} confirmLoading={busy} onCancel={onClose}
      onOk={() => send({ alarms, opinion: opinion.trim(), days })} okButtonProps={{ disabled: opinion.trim() === "" }}>
      <label className="field"><span>{said.opinion}</span><Input.TextArea value={opinion} rows={4} maxLength={MOST_SIGNS} showCount autoFocus placeholder={said.opinionHint} onChange={(event) => setOpinion(event.target.value)} /></label>
      <Days value={days} onChange={setDays} />
      {trouble && <Alert type="warning" showIcon title={trouble} role="alert" />}
    </Modal>
  );
}
