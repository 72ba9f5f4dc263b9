// Small things that stand on every page.

import { useQueryClient } from "@tanstack/react-query";
import { Button, Empty, Result, Skeleton } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { Failure } from "../api/client.ts";
import { exact, instantWords, relative } from "../pure/time.ts";
import { useNames } from "./names.tsx";
import { useLanguage, word } from "../words/index.tsx";

/** A light by colour, shape and word: red is a square standing on its corner, yellow a triangle. */
export function Light({ light, label = true, hollow = false }: { light: string; label?: boolean; hollow?: boolean }) {
  const { words } = useLanguage();
  const name = word(words.light, light);
  const shape = light === "red" ? "M8 1l7 7-7 7-7-7z" : "M8 1.5L15.5 14.5H.5z";
  return (
    <span className={`light ${light}${hollow ? " hollow" : ""}`}>
      <svg viewBox="0 0 16 16" width="14" height="14" role={label ? undefined : "img"} aria-hidden={label || undefined} aria-label={label ? undefined : name}>
        <path d={shape} />
      </svg>
      {label && <span>{name}</span>}
    </span>
  );
}

/** An instant in people's words; the exact one on hover and for the keyboard. */
export function When({ at, ago = false }: { at: string | null | undefined; ago?: boolean }) {
  const { lang } = useLanguage();
  const { zone } = useNames();
  if (!at) return <span className="soft">—</span>;
  const ms = Date.parse(at);
  return (
    <time dateTime={at} title={exact(ms, zone)}>
      {ago ? relative(ms, lang, Date.now()) : instantWords(ms, lang, Date.now(), zone)}
    </time>
  );
}

export function Loading() {
  const { words } = useLanguage();
  return (
    <div aria-busy="true" role="status" aria-label={words.state_.loading}>
      <Skeleton active paragraph={{ rows: 5 }} />
    </div>
  );
}

/** Nothing to show, and what to do about it. */
export function Nothing({ title, what, children }: { title: string; what?: string; children?: ReactNode }) {
  return (
    <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={<><strong>{title}</strong>{what && <p className="soft">{what}</p>}</>}>
      {children}
    </Empty>
  );
}

/** What went wrong, and what helps. */
export function Trouble({ error }: { error: unknown }) {
  const { words, lang } = useLanguage();
  const client = useQueryClient();
  const said = words.state_;
  const failure = error instanceof Failure ? error : null;
  const [title, what] = ((): [string, string] => {
    switch (failure?.status) {
      case 0: return [said.offline, said.offlineWhat];
      case 403: return [said.forbidden, said.forbiddenWhat];
      case 404: return [said.missing, said.missingWhat];
      case 503: return [said.away, said.awayWhat];
      case 504: return [said.failed, said.slow];
      default: return [said.failed, failure?.problem.message?.[lang] ?? failure?.problem.detail ?? String(error)];
    }
  })();
  const lost = failure?.status === 404 || failure?.status === 403;
  return (
    <Result
      status={lost ? "info" : "warning"}
      title={<h1 className="result-title">{title}</h1>}
      subTitle={what}
      extra={
        lost
          ? <Link to="/">{said.home}</Link>
          : <Button type="primary" onClick={() => void client.refetchQueries({ type: "active" })}>{said.retry}</Button>
      }
    />
  );
}

interface Asked<T> {
  data: T | undefined;
  error: unknown;
}

/** The answer of a question, or what stands in its place. */
export function Answered<T>({ of, children }: { of: Asked<T>; children: (data: T) => ReactNode }) {
  if (of.data !== undefined) return <>{children(of.data)}</>;
  return of.error ? <Trouble error={of.error} /> : <Loading />;
}

export function Card({ title, extra, children, className = "" }: { title?: ReactNode; extra?: ReactNode; children: ReactNode; className?: string }) {
  return (
    <section className={`card ${className}`}>
      {title !== undefined && <header className="card-head"><h2>{title}</h2>{extra}</header>}
      {children}
    </section>
  );
}

/** What may be wider than the screen: it scrolls by itself, by the keyboard too. */
export function Scroll({ label, children }: { label: string; children: ReactNode }) {
  return <div className="scroll-x" tabIndex={0} role="region" aria-label={label}>{children}</div>;
}
