// A record as it is.

import { useLanguage } from "../words/index.tsx";

export function Raw({ value, label, note, open = false }: { value: unknown; label?: string; note?: string | undefined; open?: boolean }) {
  const { words } = useLanguage();
  return (
    <details className="raw" open={open}>
      <summary>{label ?? words.alarm.raw}{note && <span className="soft"> · {note}</span>}</summary>
      <pre tabIndex={0}>{typeof value === "string" ? value : JSON.stringify(value, null, 2)}</pre>
    </details>
  );
}
