// What is told as it happens: numbers are asked for again, and lists say that there is more, without moving under the reader.

import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { createContext, use, useEffect, useState, type ReactNode } from "react";
import { useLanguage } from "../words/index.tsx";

const STREAM = "/api/v1/stream";
/** However many come, pages change no more often, ms. */
const PACE = 2_000;

interface Live {
  /** Alarms that were told since the page was opened. */
  alarms: number;
  connected: boolean;
}

const Context = createContext<Live>({ alarms: 0, connected: false });
export const useLive = (): Live => use(Context);

export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  const [live, setLive] = useState<Live>({ alarms: 0, connected: false });
  useEffect(() => listen(client, setLive), [client]);
  return <Context value={live}>{children}</Context>;
}

/** Listens until it is told to stop. Whoever cannot listen goes on asking from time to time. */
function listen(client: QueryClient, change: (next: (old: Live) => Live) => void): () => void {
  const source = new EventSource(STREAM);
  const news = { alarms: 0, rules: false };
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const again = (...starts: string[]) => client.invalidateQueries({ predicate: ({ queryKey: [key] }) => typeof key === "string" && starts.some((start) => key.startsWith(start)) });
  const tell = () => {
    waiting = undefined;
    const { alarms, rules } = news;
    Object.assign(news, { alarms: 0, rules: false });
    if (alarms > 0) {
      change((old) => ({ ...old, alarms: old.alarms + alarms }));
      void again("/api/v1/stats", "/api/v1/alarms/", "/api/v1/cases/");
    }
    if (rules) void again("/api/v1/rules", "/api/v1/audit", "/api/v1/todo");
  };
  const soon = () => { waiting ??= setTimeout(tell, PACE); };
  source.addEventListener("open", () => change((old) => ({ ...old, connected: true })));
  source.addEventListener("error", () => change((old) => ({ ...old, connected: false })));
  source.addEventListener("alarm", () => { news.alarms += 1; soon(); });
  source.addEventListener("rule", () => { news.rules = true; soon(); });
  source.addEventListener("reset", () => void client.invalidateQueries());
  return () => {
    clearTimeout(waiting);
    source.close();
  };
}

export function LiveSign() {
  const { words } = useLanguage();
  const { connected } = useLive();
  return <span className="live-sign" title={connected ? words.live.onWhat : words.live.offWhat}>{connected ? "●" : "○"} {connected ? words.live.on : words.live.off}</span>;
}
