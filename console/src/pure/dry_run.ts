// What a dry run found, as it stands in the log (docs/workflow.md), summed up for charts.

export interface Counts {
  added: number;
  removed: number;
  changed: number;
}

export interface Part {
  alarms_before: number;
  alarms_after: number;
  counts: Counts;
  renamed: number;
  groups: { kind: string; org: string; month: string; counts: Counts }[];
  samples: Sample[];
}

export interface Sample {
  direction: "added" | "removed" | "changed";
  finding_id: string;
  case: string;
  org: string;
  kind: string;
  code: string;
  light: string;
  violated_at: string;
  explanation: { zh: string; en: string };
  was: { zh: string; en: string } | null;
}

export interface Report {
  engine: string;
  against: string;
  as_of: string;
  cases: number;
  events: number;
  history: Part;
  switch: Part | null;
}

export interface Delta extends Counts {
  key: string;
}

export const total = (counts: Counts): number => counts.added + counts.removed + counts.changed;

/** Sums by one of a group's members: months in their order, others the largest first. */
export function deltas(groups: Part["groups"], by: "kind" | "org" | "month"): Delta[] {
  const sums = new Map<string, Delta>();
  for (const group of groups) {
    const key = group[by];
    const sum = sums.get(key) ?? { key, added: 0, removed: 0, changed: 0 };
    sum.added += group.counts.added;
    sum.removed += group.counts.removed;
    sum.changed += group.counts.changed;
    sums.set(key, sum);
  }
  const all = [...sums.values()];
  return by === "month" ? all.sort((a, b) => a.key.localeCompare(b.key)) : all.sort((a, b) => total(b) - total(a));
}
