// 报警中心: the alarms that the address means, as many as there are.

import { useQueryClient } from "@tanstack/react-query";
import { Button, Dropdown, Input, Modal, Select } from "antd";
import { useCallback, useMemo, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { get, type Alarm, type AlarmList, type Me } from "../api/client.ts";
import { PAGE_ROWS, useAlarms } from "../api/queries.ts";
import { Answered, Light, Nothing, Trouble, When } from "../parts/basic.tsx";
import { useLive } from "../parts/live.tsx";
import { LongTable, type Column } from "../parts/long_table.tsx";
import { useNames } from "../parts/names.tsx";
import { OpenOrder } from "../parts/order_commands.tsx";
import { Title } from "../parts/title.tsx";
import type { Cell } from "../pure/xlsx.ts";
import { toCsv } from "../pure/csv.ts";
import { AXES, isEverything, readFilter, withField, writeFilter, EVERYTHING, type Axis, type Field, type Filter } from "../pure/filters.ts";
import { bulk } from "../pure/orders.ts";
import { addDays, civilDate, duration, exact, startOfDay } from "../pure/time.ts";
import { fill, useLanguage, word } from "../words/index.tsx";

/** Alarms that one export holds at most. */
const EXPORT_MOST = 100_000;
const VIEWS = "xiezhi.views";

interface View {
  name: string;
  search: string;
}

export default function Alarms({ me }: { me: Me }) {
  const { words, lang } = useLanguage();
  const names = useNames();
  const go = useNavigate();
  const [search, setSearch] = useSearchParams();
  const filter = useMemo(() => readFilter(search), [search]);
  const asked = writeFilter(filter).toString();
  const list = useAlarms(asked);
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.alarms) ?? [], [list.data]);
  const total = list.data?.pages[0]?.total ?? rows.length;
  const change = (next: Filter) => setSearch(writeFilter(next));
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const mayOrder = me.grants.some((grant) => grant.role === "supervision_bureau");
  const choose = (id: string) => setChosen((old) => {
    const next = new Set(old);
    if (!next.delete(id)) next.add(id);
    return next;
  });
  const said = words.columns;
  const columns = useMemo((): Column<Alarm>[] => [
    { key: "light", title: said.light, width: "5rem", cell: (alarm) => <Light light={alarm.light} hollow={alarm.state !== "raised"} /> },
    { key: "code", title: said.code, width: "7.5rem", cell: (alarm) => <Link to={`/alarms/${alarm.id}`}>{word(words.code, alarm.code)}</Link> },
    { key: "case", title: said.case, width: "13rem", cell: (alarm) => <Link to={`/cases/${encodeURIComponent(alarm.case)}`}>{alarm.case}</Link> },
    { key: "item", title: said.item, width: "12rem", cell: (alarm) => <span title={alarm.item}>{names.item(alarm.item)}</span> },
    { key: "org", title: said.org, width: "11.5rem", cell: (alarm) => <span title={alarm.org}>{names.org(alarm.org)}</span> },
    { key: "step", title: said.step, width: "6.5rem", cell: (alarm) => names.step(alarm.item, alarm.step) || "—" },
    { key: "violated", title: said.violated, width: "8.5rem", cell: (alarm) => <When at={alarm.violated_at} /> },
    { key: "late", title: said.late, width: "6.5rem", cell: (alarm) => (alarm.late_by_ms ? duration(alarm.late_by_ms, lang) : "—") },
    { key: "state", title: said.state, width: "5rem", cell: (alarm) => word(words.state, alarm.state) },
  ], [said, words, names, lang]);
  return (
    <div className="page-full">
      <Title text={words.nav.alarms}>
        <div className="tools">
          <span className="soft" role="status">{list.data && fill(words.alarms.count, { count: total.toLocaleString() })}{rows.length < total && ` · ${fill(words.alarms.loaded, { count: rows.length.toLocaleString() })}`}</span>
          <Views search={asked} />
          <Export asked={asked} total={total} />
        </div>
      </Title>
      <Fresh asked={asked} />
      <Filters filter={filter} onChange={change} />
      {chosen.size > 0 && <Bulk alarms={rows.filter((alarm) => chosen.has(alarm.id))} onClear={() => setChosen(new Set())} />}
      {list.error ? <Trouble error={list.error} /> : (
        <Answered of={list}>
          {() => rows.length === 0
            ? <Nothing title={words.alarms.none} what={words.alarms.noneWhat}>{!isEverything(filter) && <Button onClick={() => change(EVERYTHING)}>{words.alarms.reset}</Button>}</Nothing>
            : <LongTable label={words.nav.alarms} columns={columns} rows={rows} total={total} id={(alarm) => alarm.id} onOpen={(alarm) => void go(`/alarms/${alarm.id}`)} onEnd={more}
                {...(mayOrder ? { chosen, onChoose: choose, chooseLabel: words.orders.choose } : {})} />}
        </Answered>
      )}
    </div>
  );
}

/** How long what is told may take until lists have it, ms. */
const STORED_WITHIN = 3_000;

/** There is more than the list shows: it does not move under the reader, who fetches it when he likes. */
function Fresh({ asked }: { asked: string }) {
  const { words } = useLanguage();
  const client = useQueryClient();
  const { alarms } = useLive();
  const [seen, setSeen] = useState(alarms);
  if (alarms <= seen) return null;
  const show = () => {
    setSeen(alarms);
    void client.resetQueries({ queryKey: ["alarms", asked] });
    // The news did not wait for the store: what is not there yet is looked for once more.
    setTimeout(() => void client.invalidateQueries({ queryKey: ["alarms", asked] }), STORED_WITHIN);
  };
  return <p className="fresh" role="status"><button type="button" className="text-button" onClick={show}>{fill(words.live.fresh, { count: alarms - seen })}</button></p>;
}

/** One order on all that were chosen, if they can stand in one. */
function Bulk({ alarms, onClear }: { alarms: Alarm[]; onClear: () => void }) {
  const { words } = useLanguage();
  const names = useNames();
  const go = useNavigate();
  const [opening, setOpening] = useState(false);
  const said = words.orders;
  const obstacle = bulk(alarms.map(({ org, state }) => ({ org: org ?? "", state })));
  const done = (number: string) => {
    onClear();
    void go(`/orders/${encodeURIComponent(number)}`);
  };
  return (
    <div className="bulk" role="region" aria-label={said.open}>
      <span role="status"><strong>{fill(said.chosen, { count: alarms.length })}</strong> {obstacle ? <span className="late-words">{word(said.obstacle, obstacle)}</span> : names.org(alarms[0]?.org)}</span>
      <Button type="primary" disabled={obstacle !== null} onClick={() => setOpening(true)}>{said.open}</Button>
      <Button onClick={onClear}>{said.clear}</Button>
      {opening && <OpenOrder alarms={alarms.map((alarm) => alarm.id)} onClose={() => setOpening(false)} onDone={done} />}
    </div>
  );
}

function Filters({ filter, onChange }: { filter: Filter; onChange: (filter: Filter) => void }) {
  const { words, lang } = useLanguage();
  const { zone, catalogue, item } = useNames();
  const [all, setAll] = useState(false);
  const of = (vocabulary: Record<string, string>) => Object.entries(vocabulary).map(([value, label]) => ({ value, label }));
  const pick = (field: Field, title: string, options: { value: string; label: string }[]) => (
    <label key={field}>
      <span>{title}</span>
      <Select mode="multiple" allowClear maxTagCount="responsive" aria-label={title} placeholder={words.alarms.any} value={filter.fields[field] ?? []} options={options}
        showSearch={{ optionFilterProp: "label" }} popupMatchSelectWidth={false} onChange={(values: string[]) => onChange(withField(filter, field, values))} />
    </label>
  );
  const day = (at: string | null, shift: number) => (at === null ? "" : civilDate(Date.parse(at) + shift, zone));
  const bound = (date: string, shift: number) => (date === "" ? null : new Date(startOfDay(addDays(date, shift), zone)).toISOString());
  const orgs = catalogue?.orgs.map((one) => ({ value: one.id, label: one.name })) ?? [];
  const items = catalogue?.items.map((one) => ({ value: one.code, label: `${item(one.code)} ${one.code}` })) ?? [];
  const hidden = (["category", "code", "region", "region_is", "case", "step", "rules_version"] as Field[]).filter((field) => filter.fields[field]);
  const axes = AXES.filter((axis) => axis !== "accepted" || filter.axis === "accepted");
  return (
    <div className="filters" role="search" aria-label={words.alarms.filters} lang={lang}>
      {pick("light", words.columns.light, of(words.light))}
      {pick("state", words.columns.state, of(words.state))}
      {pick("kind", words.columns.kind, of(words.kind))}
      {pick("org", words.columns.org, orgs)}
      {pick("item", words.columns.item, items)}
      <label>
        <span>{words.overview.window}</span>
        <Select aria-label={words.overview.window} value={filter.axis} options={axes.map((value) => ({ value, label: words.axis[value] }))} onChange={(axis: Axis) => onChange({ ...filter, axis })} />
      </label>
      <label><span>{words.alarms.from}</span><input type="date" value={day(filter.from, 0)} onChange={(event) => onChange({ ...filter, from: bound(event.target.value, 0) })} /></label>
      <label><span>{words.alarms.to}</span><input type="date" value={day(filter.to, -1)} onChange={(event) => onChange({ ...filter, to: bound(event.target.value, 1) })} /></label>
      {(all || hidden.includes("code")) && pick("code", words.columns.code, of(words.code))}
      {(all || hidden.includes("category")) && pick("category", words.overview.byKind, of(words.category))}
      {hidden.filter((field) => !["code", "category"].includes(field)).map((field) => (
        <label key={field}>
          <span>{field === "case" ? words.columns.case : field === "step" ? words.columns.step : field === "rules_version" ? words.columns.rules : words.columns.region}</span>
          <Select mode="tags" aria-label={field} value={filter.fields[field] ?? []} onChange={(values: string[]) => onChange(withField(filter, field, values))} />
        </label>
      ))}
      <span className="filter-buttons">
        {!all && <Button type="link" onClick={() => setAll(true)}>{words.alarms.more}</Button>}
        {!isEverything(filter) && <Button type="link" onClick={() => onChange(EVERYTHING)}>{words.alarms.reset}</Button>}
      </span>
    </div>
  );
}

function readViews(): View[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(VIEWS) ?? "[]");
    return Array.isArray(kept) ? kept.filter((view): view is View => typeof view?.name === "string" && typeof view?.search === "string") : [];
  } catch {
    return [];
  }
}

/** Saved in this browser; a view is an address, so it can be sent to others as well. */
function Views({ search }: { search: string }) {
  const { words } = useLanguage();
  const { zone } = useNames();
  const go = useNavigate();
  const [views, setViews] = useState(readViews);
  const [name, setName] = useState<string | null>(null);
  const keep = (next: View[]) => {
    setViews(next);
    localStorage.setItem(VIEWS, JSON.stringify(next));
  };
  const today = civilDate(Date.now(), zone);
  const from = new Date(startOfDay(today, zone)).toISOString();
  const own: View[] = [
    { name: words.alarms.default.red, search: "light=red&state=raised" },
    { name: words.alarms.default.today, search: `axis=raised&from=${encodeURIComponent(from)}` },
    { name: words.alarms.default.overdue, search: "code=overdue&state=raised" },
    { name: words.alarms.default.quality, search: "kind=data_quality" },
  ];
  const items = [
    ...own.map((view) => ({ key: view.search, label: view.name, onClick: () => void go(`/alarms?${view.search}`) })),
    ...(views.length > 0 ? [{ type: "divider" as const }] : []),
    ...views.map((view) => ({ key: `own ${view.name}`, label: view.name, onClick: () => void go(`/alarms?${view.search}`) })),
    { type: "divider" as const },
    { key: "save", label: words.alarms.save, onClick: () => setName("") },
    ...views.filter((view) => view.search === search).map((view) => ({ key: "remove", danger: true, label: `${words.alarms.remove} ${view.name}`, onClick: () => keep(views.filter((other) => other !== view)) })),
  ];
  const save = () => {
    if (!name?.trim()) return;
    keep([...views.filter((view) => view.name !== name.trim()), { name: name.trim(), search }]);
    setName(null);
  };
  return (
    <>
      <Dropdown menu={{ items }} trigger={["click"]}><Button>{words.alarms.views}</Button></Dropdown>
      <Modal open={name !== null} title={words.alarms.save} okText={words.alarms.save} cancelText={words.rules.cancel} onCancel={() => setName(null)} onOk={save} okButtonProps={{ disabled: !name?.trim() }}>
        <label className="field"><span>{words.alarms.saveAs}</span><Input value={name ?? ""} maxLength={40} onChange={(event) => setName(event.target.value)} onPressEnter={save} autoFocus /></label>
      </Modal>
    </>
  );
}

async function excel(name: string, header: string[], lines: Cell[][]): Promise<Blob> {
  const [{ strToU8, zipSync }, { workbook }] = await Promise.all([import("fflate"), import("../pure/xlsx.ts")]);
  const files = Object.entries(workbook(name, header, lines)).map(([path, text]) => [path, strToU8(text)] as const);
  return new Blob([zipSync(Object.fromEntries(files)) as Uint8Array<ArrayBuffer>], { type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" });
}

/** All of them, not only those on the screen. */
function Export({ asked, total }: { asked: string; total: number }) {
  const { words, lang } = useLanguage();
  const names = useNames();
  const [count, setCount] = useState<number | null>(null);
  const [error, setError] = useState<unknown>(null);
  const run = async (form: "csv" | "xlsx") => {
    setError(null);
    setCount(0);
    try {
      const alarms: Alarm[] = [];
      let next: string | null | undefined = `/api/v1/alarms?${asked}${asked && "&"}limit=${PAGE_ROWS}`;
      while (next && alarms.length < EXPORT_MOST) {
        const page: AlarmList = await get<AlarmList>(next);
        alarms.push(...page.alarms);
        next = page.next;
        setCount(alarms.length);
      }
      const said = words.columns;
      const header = [said.id, said.light, said.code, said.kind, said.state, said.case, said.item, said.org, said.region, said.step, said.violated, said.due, `${said.late} (s)`, said.raised, said.explanation, said.rules];
      const at = (time: string | null | undefined) => (time ? exact(Date.parse(time), names.zone) : null);
      const lines = alarms.map((alarm) => [
        alarm.id, word(words.light, alarm.light), word(words.code, alarm.code), word(words.kind, alarm.kind), word(words.state, alarm.state), alarm.case,
        names.item(alarm.item), names.org(alarm.org), names.region(alarm.region), names.step(alarm.item, alarm.step), at(alarm.violated_at), at(alarm.due),
        alarm.late_by_ms == null ? null : Math.round(alarm.late_by_ms / 1_000), at(alarm.raised_at), alarm.explanation[lang], alarm.rules_version,
      ]);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(form === "csv" ? new Blob([toCsv(header, lines)], { type: "text/csv;charset=utf-8" }) : await excel(words.nav.alarms, header, lines));
      link.download = `xiezhi-${civilDate(Date.now(), names.zone)}.${form}`;
      link.click();
      URL.revokeObjectURL(link.href);
    } catch (failed) {
      setError(failed);
    } finally {
      setCount(null);
    }
  };
  const tooMany = total > EXPORT_MOST;
  return (
    <>
      {(["csv", "xlsx"] as const).map((form) => (
        <Button key={form} onClick={() => void run(form)} disabled={count !== null || total === 0 || tooMany} title={tooMany ? fill(words.alarms.exportMost, { count: EXPORT_MOST }) : undefined}>{words.alarms.export[form]}</Button>
      ))}
      {count !== null && <span role="status">{fill(words.alarms.exporting, { count })}</span>}
      <Modal open={error !== null} footer={null} onCancel={() => setError(null)}><Trouble error={error} /></Modal>
    </>
  );
}
