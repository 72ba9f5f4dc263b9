// Which alarms are meant, as it stands in the address. The names and values are the API's own, so a link that the API
// gives with a number is an address of the console as well.

export const FIELDS = [
  "org", "region", "region_is", "item", "category", "kind", "code", "light", "state", "case", "step", "rules_version",
] as const;
export type Field = (typeof FIELDS)[number];
export const AXES = ["raised", "violated", "accepted", "changed"] as const;
export type Axis = (typeof AXES)[number];

export interface Filter {
  fields: Partial<Record<Field, string[]>>;
  axis: Axis;
  /** RFC 3339, included. */
  from: string | null;
  /** RFC 3339, not included. */
  to: string | null;
}

export const EVERYTHING: Filter = { fields: {}, axis: "raised", from: null, to: null };

export function readFilter(search: URLSearchParams): Filter {
  const fields: Filter["fields"] = {};
  for (const field of FIELDS) {
    const values = search.getAll(field);
    if (values.length > 0) fields[field] = values;
  }
  const axis = AXES.find((known) => known === search.get("axis")) ?? "raised";
  return { fields, axis, from: search.get("from"), to: search.get("to") };
}

/** In a fixed order, so that equal filters have equal addresses. */
export function writeFilter(filter: Filter): URLSearchParams {
  const search = new URLSearchParams();
  for (const field of FIELDS) {
    for (const value of filter.fields[field] ?? []) search.append(field, value);
  }
  if (filter.axis !== "raised" || filter.from !== null || filter.to !== null) search.set("axis", filter.axis);
  if (filter.from !== null) search.set("from", filter.from);
  if (filter.to !== null) search.set("to", filter.to);
  return search;
}

export function withField(filter: Filter, field: Field, values: string[]): Filter {
  const fields = { ...filter.fields };
  if (values.length > 0) fields[field] = values;
  else delete fields[field];
  return { ...filter, fields };
}

export function isEverything(filter: Filter): boolean {
  return writeFilter(filter).size === 0;
}

/** `/api/v1/alarms?…` as the console's own address. */
export function consoleLink(link: string): string {
  return link.replace(/^\/api\/v1\//, "/");
}

/** The console's address of the alarms that a filter means. */
export function alarmsAddress(filter: Filter): string {
  const search = writeFilter(filter).toString();
  return search === "" ? "/alarms" : `/alarms?${search}`;
}
