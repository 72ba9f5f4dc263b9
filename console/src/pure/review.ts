// Which commands make sense for a person at a version. The server decides; this only keeps buttons away that it would
// refuse (docs/workflow.md).

export type Do = "pass_legally" | "attach_dry_run" | "submit" | "pass_first" | "pass_final" | "return" | "withdraw";

export interface Reviewed {
  state: string;
  authors: string[];
  legally_passed_by?: string | null;
  submitted_by?: string | null;
  first_passed_by?: string | null;
  dry_run?: unknown;
}

interface Rule {
  act: Do;
  role: string;
  states: string[];
  /** Nobody passes or returns his own work. */
  review?: boolean;
}

const RULES: Rule[] = [
  { act: "pass_legally", role: "legal_office", states: ["draft"], review: true },
  { act: "submit", role: "submitter", states: ["legally_passed"] },
  { act: "attach_dry_run", role: "submitter", states: ["draft", "legally_passed", "submitted"] },
  { act: "pass_first", role: "supervision_office", states: ["submitted"], review: true },
  { act: "pass_final", role: "supervision_bureau", states: ["first_passed"], review: true },
  { act: "return", role: "legal_office", states: ["draft"], review: true },
  { act: "return", role: "supervision_office", states: ["submitted"], review: true },
  { act: "return", role: "supervision_bureau", states: ["first_passed"], review: true },
  { act: "withdraw", role: "submitter", states: ["draft", "legally_passed", "submitted", "first_passed"] },
];

export function allowed(version: Reviewed, roles: string[], person: string): Do[] {
  const hands = [...version.authors, version.legally_passed_by, version.submitted_by, version.first_passed_by];
  const tookPart = hands.includes(person);
  const acts = RULES.filter((rule) => roles.includes(rule.role) && rule.states.includes(version.state) && !(rule.review && tookPart))
    .map((rule) => rule.act)
    .filter((act) => act !== "pass_first" || Boolean(version.dry_run))
    .filter((act) => act !== "submit" || version.legally_passed_by !== person);
  return [...new Set(acts)];
}

/** Whose turn it is; null where nobody's. */
export function turn(state: string): string | null {
  return { draft: "legal_office", legally_passed: "submitter", submitted: "supervision_office", first_passed: "supervision_bureau", returned: "submitter" }[state] ?? null;
}
