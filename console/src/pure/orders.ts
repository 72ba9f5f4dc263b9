// What a person may do with a supervision order now, and its chain of numbers as lanes and arrows. The server decides; this
// only keeps buttons away that it would refuse (docs/orders.md).

export type Lane = "supervision_bureau" | "supervision_office" | "handler";
export const LANES: Lane[] = ["supervision_bureau", "supervision_office", "handler"];

export type Deed = "assign" | "answer" | "reply" | "revoke" | "uphold" | "send_back" | "withdraw";

interface Task {
  number: string;
  handler: string;
  state: string;
}

export interface OrderState {
  number: string;
  org: string;
  stage: string;
  tasks: Task[];
}

export interface Person {
  id: string;
  grants: { role: string; orgs?: string[] | null; under?: string | null; region?: string | null; everywhere?: boolean }[];
}

/** A deed, and the number that it is done to. */
export interface Act {
  do: Deed;
  number: string;
}

const CLOSED = ["revoked", "upheld", "withdrawn"];
export const isClosed = (stage: string): boolean => CLOSED.includes(stage);

/** Roles that may count for an organisation: what is below another is the server's to know. */
export function rolesFor(person: Person, org: string): string[] {
  return person.grants.filter((grant) => !grant.orgs || grant.orgs.includes(org)).map((grant) => grant.role);
}

export function offered(order: OrderState, person: Person): Act[] {
  const roles = rolesFor(person, order.org);
  const { number, stage } = order;
  const acts: Act[] = [];
  const pending = order.tasks.filter((task) => task.state === "pending");
  if (roles.includes("handler")) {
    pending.filter((task) => task.handler === person.id).forEach((task) => acts.push({ do: "answer", number: task.number }));
  }
  if (roles.includes("supervision_office")) {
    if (stage === "answered") acts.push({ do: "reply", number });
    if (["open", "assigned", "answered", "returned"].includes(stage)) acts.push({ do: "assign", number });
    pending.forEach((task) => acts.push({ do: "withdraw", number: task.number }));
  }
  if (roles.includes("supervision_bureau")) {
    if (stage === "replied") acts.push({ do: "revoke", number }, { do: "uphold", number }, { do: "send_back", number });
    if (!isClosed(stage)) acts.push({ do: "withdraw", number });
  }
  return acts;
}

/** Whose turn it is; null where it is over. */
export function waitsFor(stage: string): Lane | null {
  if (stage === "assigned") return "handler";
  if (stage === "replied") return "supervision_bureau";
  return isClosed(stage) ? null : "supervision_office";
}

export interface Done {
  at: string;
  person: string;
  do: string;
  order: string;
  handler?: string | null;
}

/** From one lane to another, or an end in its own. */
export interface Arrow {
  at: string;
  from: Lane;
  to: Lane;
  do: string;
  number: string;
  person: string;
  /** Whom it is for, where it is for one person. */
  meant: string | null;
}

const WAYS: Record<string, [Lane, Lane]> = {
  open: ["supervision_bureau", "supervision_office"],
  assign: ["supervision_office", "handler"],
  answer: ["handler", "supervision_office"],
  reply: ["supervision_office", "supervision_bureau"],
  send_back: ["supervision_bureau", "supervision_office"],
  revoke: ["supervision_bureau", "supervision_bureau"],
  uphold: ["supervision_bureau", "supervision_bureau"],
};

/** What went from hand to hand; notices and reminders are no steps of the chain. */
export function arrows(order: string, history: Done[]): Arrow[] {
  return history.flatMap((done) => {
    const own: [Lane, Lane] = done.order === order ? ["supervision_bureau", "supervision_bureau"] : ["supervision_office", "supervision_office"];
    const way = done.do === "withdraw" ? own : WAYS[done.do];
    if (!way) return [];
    return [{ at: done.at, from: way[0], to: way[1], do: done.do, number: done.order, person: done.person, meant: done.handler ?? null }];
  });
}

/** The serial of `<organisation>-<year>-<serial>`, with its year. */
export function shortNumber(number: string): string {
  return number.split("-").slice(-2).join("-");
}

/** Of these alarms one order may be opened: why not, where not. */
export const MOST_ALARMS = 100;
export function bulk(alarms: { org: string; state: string }[]): "none" | "several_orgs" | "retracted" | "too_many" | null {
  if (alarms.length === 0) return "none";
  if (alarms.length > MOST_ALARMS) return "too_many";
  if (new Set(alarms.map((alarm) => alarm.org)).size > 1) return "several_orgs";
  return alarms.some((alarm) => alarm.state === "retracted") ? "retracted" : null;
}
