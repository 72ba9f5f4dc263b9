// The API as the console uses it. Reading goes by the session's cookie. Commands need the Authorization header: the token
// is asked for just before and kept nowhere, so no foreign page can make this browser command.

import type { components } from "./schema.d.ts";

type Schemas = components["schemas"];
export type Alarm = Schemas["Alarm"];
export type AlarmList = Schemas["AlarmList"];
export type AlarmDetail = Schemas["AlarmDetail"];
export type Case = Schemas["Case"];
export type Timeline = Schemas["Timeline"];
export type Event = Schemas["Event"];
export type Stats = Schemas["Stats"];
export type Me = Schemas["Me"];
export type Catalogue = Schemas["CatalogueBody"];
export type Rule = Schemas["Rule"];
export type RuleList = Schemas["RuleList"];
export type VersionHead = Schemas["VersionHead"];
export type VersionDetail = Schemas["VersionDetail"];
export type Differences = Schemas["Differences"];
export type LintReport = Schemas["LintReport"];
export type AuditList = Schemas["AuditList"];
export type Action = Schemas["ActionBody"];
export type DryRunStanding = Schemas["DryRunStanding"];
export type Accepted = Schemas["Accepted"];
export type Completeness = Schemas["Completeness"];
export type Progress = Schemas["Progress"];
export type DeadLetterList = Schemas["DeadLetterList"];
export type IncidentList = Schemas["IncidentList"];
export type OrderHead = Schemas["OrderHead"];
export type OrderList = Schemas["OrderList"];
export type OrderDetail = Schemas["OrderDetail"];
export type OrderAction = Schemas["OrderActionBody"];
export type OrderAccepted = Schemas["OrderAccepted"];
export type Todo = Schemas["Todo"];
export type FollowAction = Schemas["FollowBody"];
export type FollowAccepted = Schemas["FollowAccepted"];
export type RegistersOverview = Schemas["Overview"];
export type Officer = Schemas["Officer"];
export type OfficerList = Schemas["OfficerList"];
export type Calendars = Schemas["Calendars"];

/** What the API refused with, or status 0 where there was no answer. */
export class Failure extends Error {
  constructor(
    readonly status: number,
    readonly problem: Partial<Schemas["ProblemBody"]>,
  ) {
    super(problem.detail ?? `HTTP ${status}`);
  }
}

async function read<T>(response: Response): Promise<T> {
  const body: unknown = await response.json().catch(() => ({}));
  if (!response.ok) throw new Failure(response.status, body as Partial<Schemas["ProblemBody"]>);
  return body as T;
}

async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  try {
    return await fetch(path, { credentials: "same-origin", ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Failure(0, {});
  }
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return read<T>(await ask(path, { headers: { accept: "application/json" }, signal: signal ?? null }));
}

async function token(): Promise<string> {
  return (await read<{ access_token: string }>(await ask("/session/token"))).access_token;
}

/** A command. The same `key` again has no second effect. */
async function post<T>(path: string, key: string, command: unknown): Promise<T> {
  const headers = {
    authorization: `Bearer ${await token()}`,
    "content-type": "application/json",
    "idempotency-key": key,
  };
  return read<T>(await ask(path, { method: "POST", headers, body: JSON.stringify(command), credentials: "omit" }));
}

export function command(rule: string, key: string, expected: number, action: Action): Promise<Accepted> {
  return post(`/api/v1/rules/${encodeURIComponent(rule)}/commands`, key, { expected, action });
}

/** Begins a dry run, unless it runs already. */
export function beginDryRun(rule: string, version: number, key: string): Promise<DryRunStanding> {
  return post(`/api/v1/rules/${encodeURIComponent(rule)}/versions/${version}/dry-run`, key, {});
}

export function openOrder(key: string, order: Schemas["OpenBody"]): Promise<OrderAccepted> {
  return post("/api/v1/orders", key, order);
}

export function giveOrder(number: string, key: string, expected: number, action: OrderAction): Promise<OrderAccepted> {
  return post(`/api/v1/orders/${encodeURIComponent(number)}/commands`, key, { expected, action });
}

export function follow(key: string, what: FollowAction): Promise<FollowAccepted> {
  return post("/api/v1/follows", key, what);
}

/** Whether the outcome is unknown: the same command may be sent again under the same key. */
export function isUnknown(error: unknown): boolean {
  return error instanceof Failure && (error.status === 0 || error.status >= 500);
}
