// What a person may do with a version now, and the dialogs in which he does it. The answer is the log's: nothing is shown
// as done before it stands there, and one that does not come may be asked for again under the same key.

import { Alert, Button, Input, InputNumber, Modal, Select } from "antd";
import { useState } from "react";
import { command, type Action, type Me, type Rule, type VersionHead } from "../api/client.ts";
import { useNames } from "./names.tsx";
import { useSend } from "./send.tsx";
import { allowed, type Do } from "../pure/review.ts";
import { fill, useLanguage, word } from "../words/index.tsx";

interface Target {
  rule: string;
  /** 0 for a new one. */
  revision: number;
}

function useCommand(target: Target, onDone: () => void) {
  const { words } = useLanguage();
  return useSend((key, action: Action) => command(target.rule, key, target.revision, action), (action) => fill(words.rules.done, { action: word(words.action, action.do) }), onDone);
}

export function Commands({ rule, version, me }: { rule: Rule; version: VersionHead; me: Me }) {
  const { words } = useLanguage();
  const [open, setOpen] = useState<Do | null>(null);
  const roles = me.grants.map((grant) => grant.role);
  const acts = allowed(version, roles, me.id ?? "");
  if (acts.length === 0) return null;
  const isMain = (act: Do) => act.startsWith("pass") || act === "submit";
  return (
    <>
      <span className="commands">
        {acts.map((act) => (
          <Button key={act} type={isMain(act) ? "primary" : "default"} danger={act === "return" || act === "withdraw"} onClick={() => setOpen(act)}>{word(words.action, act)}</Button>
        ))}
      </span>
      {open && <Dialog act={open} rule={rule} version={version} onClose={() => setOpen(null)} />}
    </>
  );
}

function Dialog({ act, rule, version, onClose }: { act: Do; rule: Rule; version: VersionHead; onClose: () => void }) {
  const { words } = useLanguage();
  const said = words.rules;
  const { send, busy, said: trouble, unknown } = useCommand({ rule: rule.id, revision: rule.revision }, onClose);
  const [reason, setReason] = useState("");
  const [from, setFrom] = useState("");
  const [report, setReport] = useState<string | null>(null);
  const [counts, setCounts] = useState({ added: 0, removed: 0, changed: 0 });
  const number = version.number;
  const action = (): Action => {
    switch (act) {
      case "return": return { do: "return", version: number, reason: reason.trim() };
      // A little ahead: the log's clock decides, and the past is refused.
      case "pass_final": return { do: "pass_final", version: number, from: new Date(from === "" ? Date.now() + 5_000 : from).toISOString() };
      case "attach_dry_run": return { do: "attach_dry_run", version: number, report: { report: report ?? "", content: version.hash, ...counts } };
      default: return { do: act, version: number };
    }
  };
  const ready = act === "return" ? reason.trim() !== "" : act === "attach_dry_run" ? report !== null : true;
  const name = word(words.action, act);
  return (
    <Modal open title={`${name} · v${number}`} okText={unknown ? said.again : name} cancelText={said.cancel} confirmLoading={busy} onCancel={onClose}
      onOk={() => send(action())} okButtonProps={{ disabled: !ready, danger: act === "return" || act === "withdraw" }}>
      {act === "return" && (
        <label className="field"><span>{said.reason}</span><Input.TextArea value={reason} rows={4} maxLength={1_300} showCount placeholder={said.reasonHint} onChange={(event) => setReason(event.target.value)} /></label>
      )}
      {act === "pass_final" && (
        <label className="field"><span>{said.from}</span><input type="datetime-local" value={from} onChange={(event) => setFrom(event.target.value)} /><span className="soft">{from === "" && said.now}</span></label>
      )}
      {act === "attach_dry_run" && (
        <>
          <label className="field"><span>{said.dryRunFile}</span><input type="file" onChange={(event) => { const file = event.target.files?.[0]; if (file) void hash(file).then(setReport); }} /></label>
          {report && <p className="soft small hash">SHA-256 {report}</p>}
          {(["added", "removed", "changed"] as const).map((what) => (
            <label className="field" key={what}><span>{said[what]}</span><InputNumber min={0} precision={0} value={counts[what]} onChange={(value) => setCounts({ ...counts, [what]: value ?? 0 })} /></label>
          ))}
        </>
      )}
      {!["return", "pass_final", "attach_dry_run"].includes(act) && <p>{fill(said.confirm, { action: name })}</p>}
      {trouble && <Alert type="warning" showIcon title={trouble} role="alert" />}
    </Modal>
  );
}

async function hash(file: File): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A new version, from what stands. */
export function Draft({ target, org, content, me, label, onDone }: { target: Target; org: string | null; content: unknown; me: Me; label: string; onDone: () => void }) {
  const { words } = useLanguage();
  const names = useNames();
  const said = words.rules;
  const own = me.grants.filter((grant) => grant.role === "submitter").flatMap((grant) => grant.orgs ?? (grant.under ? [grant.under] : []));
  const [open, setOpen] = useState(false);
  const [text, setText] = useState("");
  const [inFlight, setInFlight] = useState<"pin" | "migrate">("pin");
  const [chosen, setChosen] = useState(org ?? own[0] ?? "");
  const { send, busy, said: trouble, unknown } = useCommand(target, () => { setOpen(false); onDone(); });
  if (!me.grants.some((grant) => grant.role === "submitter")) return null;
  let error: string | null = null;
  let parsed: unknown = null;
  try {
    parsed = JSON.parse(text);
  } catch (failed) {
    error = fill(said.badJson, { error: failed instanceof Error ? failed.message : String(failed) });
  }
  const begin = () => {
    setText(JSON.stringify(content, null, 2));
    setOpen(true);
  };
  return (
    <>
      <Button type="primary" onClick={begin}>{label}</Button>
      <Modal open={open} width={860} title={`${said.draft} · ${names.item(target.rule.split("#")[0])}`} okText={unknown ? said.again : said.send} cancelText={said.cancel} confirmLoading={busy}
        onCancel={() => setOpen(false)} okButtonProps={{ disabled: error !== null || chosen === "" }}
        onOk={() => send({ do: "draft", org: chosen, content: parsed as Record<string, never>, in_flight: inFlight })}>
        {org === null && own.length > 1 && (
          <label className="field"><span>{said.ownDraft}</span><Select value={chosen} options={own.map((value) => ({ value, label: names.org(value) }))} onChange={setChosen} /></label>
        )}
        <label className="field"><span>{said.json}</span><textarea className="editor" spellCheck={false} rows={20} value={text} onChange={(event) => setText(event.target.value)} /></label>
        {open && error && <Alert type="error" showIcon title={error} />}
        <label className="field">
          <span>{said.version}</span>
          <Select value={inFlight} onChange={setInFlight} options={(["pin", "migrate"] as const).map((value) => ({ value, label: said.inFlight[value] }))} aria-label={said.inFlight.pin} />
        </label>
        {trouble && <Alert type="warning" showIcon title={trouble} role="alert" />}
      </Modal>
    </>
  );
}
