// From a case's events and an item's limit: when its clock began, stood still and ended. Only for drawing.

export interface Fact {
  type: string;
  time: number;
  data: Record<string, unknown>;
}

export interface Limit {
  id: string;
  scope: "case" | { step: string } | { from: string; to: string };
  days?: number;
  hours?: number;
  minutes?: number;
  unit: "working_day" | "calendar_day" | "hour" | "working_hour";
  legal?: string;
  warn_days?: number;
}

export interface Item {
  code: string;
  name: { zh: string; en?: string | null };
  category: string;
  legal_basis?: { law: string; article?: string }[];
  steps: { id: string; name: { zh: string; en?: string | null }; next: string[] }[];
  limits?: Limit[];
  points?: ({ id: string; kind: string; step?: string; limit?: string } & Record<string, unknown>)[];
  risk_points?: { id: string; step: string; grade: string; risk: { zh: string; en?: string }; measures?: { zh: string; en?: string } }[];
  [other: string]: unknown;
}

export interface Span {
  start: number;
  end: number | null;
  suspensions: { from: number; to: number | null }[];
}

/** Where a limit's scope begins and ends in these facts, which stand in canonical order; null if it never began. */
export function spanOf(limit: Limit, visit: number | null, facts: Fact[]): Span | null {
  const { scope } = limit;
  const over = facts.find(({ type }) => type === "case.withdrawn")?.time ?? null;
  if (scope === "case") {
    const start = facts.find(({ type }) => type === "case.accepted")?.time;
    const end = facts.find(({ type }) => type === "case.closed")?.time ?? over;
    return start === undefined ? null : { start, end, suspensions: suspensions(facts, null) };
  }
  if ("step" in scope) {
    const starts = facts.filter((fact) => isStart(fact, scope.step));
    const start = starts[Math.max(0, (visit ?? 1) - 1)]?.time;
    if (start === undefined) return null;
    const end = facts.find((fact) => fact.time >= start && ends(fact, scope.step))?.time ?? over;
    return { start, end, suspensions: suspensions(facts, scope.step) };
  }
  const start = facts.find((fact) => isStart(fact, scope.from))?.time;
  if (start === undefined) return null;
  const done = facts.filter(({ type, data }) => type === "step.completed" && data["step"] === scope.to);
  const lastStart = facts.filter((fact) => isStart(fact, scope.to)).at(-1)?.time ?? -Infinity;
  const last = done.at(-1)?.time;
  const end = last !== undefined && last >= lastStart ? last : over;
  return { start, end, suspensions: suspensions(facts, null) };
}

function isStart({ type, data }: Fact, step: string): boolean {
  return type === "step.started" && data["step"] === step;
}

function ends({ type, data }: Fact, step: string): boolean {
  return (type === "step.completed" && data["step"] === step) || (type === "step.returned" && data["from"] === step);
}

/** The whole case's, and those of `step`. */
function suspensions(facts: Fact[], step: string | null): Span["suspensions"] {
  const spans: Span["suspensions"] = [];
  for (const { type, time, data } of facts) {
    const of = (data["step"] as string | undefined) ?? null;
    if (of !== null && of !== step) continue;
    const open = spans.at(-1);
    if (type === "clock.suspended" && (open === undefined || open.to !== null)) spans.push({ from: time, to: null });
    if (type === "clock.resumed" && open !== undefined && open.to === null) open.to = time;
  }
  return spans;
}
