// An alarm's human life: how it stands with people, the order on it, and what the person may do about it.

import { Alert, Button, Input, Modal, Tag } from "antd";
import { useState } from "react";
import { Link, useNavigate } from "react-router";
import { follow, type AlarmDetail, type FollowAction, type Me } from "../api/client.ts";
import { useOrder, useTodo } from "../api/queries.ts";
import { rolesFor } from "../pure/orders.ts";
import { fill, useLanguage, word } from "../words/index.tsx";
import { Card, When } from "./basic.tsx";
import { ChainPicture } from "./chain.tsx";
import { OpenOrder } from "./order_commands.tsx";
import { useSend } from "./send.tsx";

const COLOURS: Record<string, string> = { open: "error", under_supervision: "processing", replied: "warning", returned: "error", revoked: "success", upheld: "success" };

export function LifeCard({ detail, me }: { detail: AlarmDetail; me: Me }) {
  const { words } = useLanguage();
  const go = useNavigate();
  const [opening, setOpening] = useState(false);
  const { alarm, life } = detail;
  const order = useOrder(life?.order ?? undefined);
  const said = words.life;
  if (!life) return null;
  const may = rolesFor({ id: me.id ?? "", grants: me.grants }, alarm.org ?? "").includes("supervision_bureau");
  const free = ["open", "upheld", "superseded", "cleared", "auto_cleared"].includes(life.state);
  return (
    <Card title={said.title} className="wide" extra={
      <span className="commands">
        {may && free && <Button type={life.state === "open" ? "primary" : "default"} onClick={() => setOpening(true)}>{words.orders.open}</Button>}
        {me.sees.todo && <Follow kind="alarm" id={alarm.id} />}
      </span>
    }>
      <p className="lead"><Tag variant="outlined" color={COLOURS[life.state] ?? "default"}>{word(said.state, life.state)}</Tag> {word(said.what, life.state)}</p>
      <dl className="facts">
        {life.order && <div><dt>{words.orders.order}</dt><dd><Link to={`/orders/${encodeURIComponent(life.order)}`}>{life.order}</Link></dd></div>}
        {life.order_by && <div><dt>{said.orderBy}</dt><dd><When at={life.order_by} /></dd></div>}
        {life.clears_at && <div><dt>{said.clearsAt}</dt><dd><When at={life.clears_at} /></dd></div>}
      </dl>
      {order.data && <ChainPicture order={order.data} />}
      {opening && <OpenOrder alarms={[alarm.id]} onClose={() => setOpening(false)} onDone={(number) => void go(`/orders/${encodeURIComponent(number)}`)} />}
    </Card>
  );
}

/** To keep an eye on an alarm or a case, or no longer; either with a reason. */
export function Follow({ kind, id }: { kind: "alarm" | "case"; id: string }) {
  const { words } = useLanguage();
  const said = words.life;
  const todo = useTodo(true);
  const [reason, setReason] = useState<string | null>(null);
  const followed = todo.data?.followed.items.some((item) => item.kind === kind && item.id === id) ?? false;
  const name = followed ? said.unfollow : said.follow;
  const { send, busy, said: trouble, unknown } = useSend(
    (key, body: FollowAction) => follow(key, body), () => fill(words.rules.done, { action: name }), () => setReason(null),
  );
  if (!todo.data) return null;
  return (
    <>
      <Button onClick={() => setReason("")}>{followed ? "★" : "☆"} {name}</Button>
      <Modal open={reason !== null} title={name} okText={unknown ? words.rules.again : name} cancelText={words.rules.cancel} confirmLoading={busy} onCancel={() => setReason(null)}
        onOk={() => send({ action: followed ? "unfollow" : "follow", kind, id, reason: (reason ?? "").trim() })} okButtonProps={{ disabled: !reason?.trim() }}>
        <label className="field"><span>{words.orders.reason}</span><Input value={reason ?? ""} maxLength={1_300} autoFocus onChange={(event) => setReason(event.target.value)} /></label>
        {trouble && <Alert type="warning" showIcon title={trouble} role="alert" />}
      </Modal>
    </>
  );
}
