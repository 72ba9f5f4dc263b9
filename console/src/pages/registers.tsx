// Registers: officers and whose certificates end soon, the working days of each year, and who published what.

import { Button, Segmented, Select, Tabs, Tag } from "antd";
import { useSearchParams } from "react-router";
import { Failure, type Calendars, type Me, type Officer, type RegistersOverview } from "../api/client.ts";
import { useCalendars, useOfficers, useRegisters } from "../api/queries.ts";
import { Answered, Card, Nothing, Trouble, When } from "../parts/basic.tsx";
import { useNames } from "../parts/names.tsx";
import { Title } from "../parts/title.tsx";
import { Year } from "../parts/year.tsx";
import { fill, useLanguage } from "../words/index.tsx";

/** Days within which a certificate ends, for the short list. */
const WITHIN = [30, 90, 365];
/** At or below it a certificate's end is near, days. */
const NEAR = 30;

export default function Registers({ me }: { me: Me }) {
  const { words } = useLanguage();
  const [search, setSearch] = useSearchParams();
  const overview = useRegisters(me.sees.registers);
  if (!me.sees.registers) return <Trouble error={new Failure(403, {})} />;
  const said = words.registers;
  const change = (name: string, value: string | null) => setSearch((old) => { if (value === null) old.delete(name); else old.set(name, value); return old; });
  return (
    <>
      <Title text={words.nav.registers} />
      <Answered of={overview}>{(data) => <Sums overview={data} onExpiring={() => setSearch({ within: String(NEAR) })} />}</Answered>
      <section className="card">
        <Tabs activeKey={search.get("tab") ?? "officers"} onChange={(tab) => setSearch(tab === "officers" ? {} : { tab })} destroyOnHidden items={[
          { key: "officers", label: said.officers, children: <Officers within={search.get("within")} org={search.get("org")} onChange={change} /> },
          { key: "calendars", label: said.calendars, children: <Years /> },
          { key: "published", label: said.published, children: <Answered of={overview}>{(data) => <Published overview={data} />}</Answered> },
        ]} />
      </section>
    </>
  );
}

function Sums({ overview, onExpiring }: { overview: RegistersOverview; onExpiring: () => void }) {
  const { words } = useLanguage();
  const said = words.registers;
  return (
    <Card>
      <dl className="facts figures">
        <div><dt>{said.officers}</dt><dd>{overview.officers.toLocaleString()}</dd></div>
        <div><dt>{said.expiring}</dt><dd><button type="button" className="text-button" onClick={onExpiring}>{overview.expiring.toLocaleString()}</button></dd></div>
        <div><dt>{said.expired}</dt><dd>{overview.expired.toLocaleString()}</dd></div>
        <div><dt>{said.orgs}</dt><dd>{overview.orgs.toLocaleString()}</dd></div>
        <div><dt>{said.calendarUntil}</dt><dd>{overview.calendar_until ?? said.noCalendar}</dd></div>
        <div><dt>{words.rules.catalogueVersion}</dt><dd className="version">{overview.version}</dd></div>
      </dl>
    </Card>
  );
}

function Officers({ within, org, onChange }: { within: string | null; org: string | null; onChange: (name: string, value: string | null) => void }) {
  const { words } = useLanguage();
  const names = useNames();
  const said = words.registers;
  const days = WITHIN.find((known) => String(known) === within);
  const asked = new URLSearchParams({ limit: "100", ...(days ? { expires_within: String(days) } : {}), ...(org ? { org } : {}) });
  const officers = useOfficers(asked.toString());
  const rows = officers.data?.pages.flatMap((page) => page.officers) ?? [];
  const orgs = names.catalogue?.orgs.map((one) => ({ value: one.id, label: one.name })) ?? [];
  return (
    <>
      <div className="tools">
        <Segmented aria-label={said.expiring} value={days ?? 0} onChange={(value) => onChange("within", value === 0 ? null : String(value))}
          options={[{ value: 0, label: words.overview.all }, ...WITHIN.map((value) => ({ value, label: fill(said.within, { days: value }) }))]} />
        <Select className="org-select" allowClear showSearch={{ optionFilterProp: "label" }} aria-label={words.columns.org} placeholder={words.columns.org} value={org} options={orgs} onChange={(value?: string) => onChange("org", value ?? null)} />
      </div>
      <Answered of={officers}>
        {() => rows.length === 0 ? <Nothing title={said.none} what={said.noneWhat} /> : (
          <>
            <div className="scroll-x" tabIndex={0} role="region" aria-label={said.officers}>
              <table className="simple">
                <thead><tr><th scope="col">{said.id}</th><th scope="col">{said.name}</th><th scope="col">{words.columns.org}</th><th scope="col">{said.certificate}</th><th scope="col">{said.validFrom}</th><th scope="col">{said.validTo}</th><th scope="col">{said.left}</th><th scope="col">{said.class}</th></tr></thead>
                <tbody>{rows.map((officer, index) => <OfficerRow key={`${officer.officer_id} ${index}`} officer={officer} />)}</tbody>
              </table>
            </div>
            {officers.hasNextPage && <Button onClick={() => void officers.fetchNextPage()} loading={officers.isFetchingNextPage}>{words.sources.more}</Button>}
          </>
        )}
      </Answered>
    </>
  );
}

function OfficerRow({ officer }: { officer: Officer }) {
  const { words } = useLanguage();
  const names = useNames();
  return (
    <tr>
      <th scope="row">{officer.officer_id}</th>
      <td>{officer.name}</td>
      <td>{names.org(officer.org)}</td>
      <td>{officer.certificate_no ?? <span className="late-words">{words.registers.noCertificate}</span>}</td>
      <td>{officer.valid_from ?? "—"}</td>
      <td>{officer.valid_to ?? words.registers.openEnd}</td>
      <td><Left days={officer.days_left} /></td>
      <td>{[officer.class, officer.area].filter(Boolean).join(" · ") || "—"}</td>
    </tr>
  );
}

function Left({ days }: { days: number | null | undefined }) {
  const { words } = useLanguage();
  const said = words.registers;
  if (days === null || days === undefined) return <>—</>;
  if (days < 0) return <Tag variant="outlined" color="error">{fill(said.over, { days: -days })}</Tag>;
  const text = fill(said.leftDays, { days });
  return days <= NEAR ? <Tag variant="outlined" color="warning">{text}</Tag> : <>{text}</>;
}

function Years() {
  const calendars = useCalendars();
  const { words } = useLanguage();
  return (
    <Answered of={calendars}>
      {(data: Calendars) => data.years.length === 0 ? <Nothing title={words.registers.noCalendar} what={words.registers.noCalendarWhat} /> : (
        <>{[...data.years].sort((a, b) => b.year - a.year).map((year) => <Year key={year.year} year={year} />)}</>
      )}
    </Answered>
  );
}

function Published({ overview }: { overview: RegistersOverview }) {
  const { words } = useLanguage();
  const said = words.registers;
  if (overview.published.length === 0) return <Nothing title={said.nothingPublished} what={said.nothingPublishedWhat} />;
  return (
    <div className="scroll-x" tabIndex={0} role="region" aria-label={said.published}>
      <table className="simple">
        <thead><tr><th scope="col">{words.rules.version}</th><th scope="col">{said.by}</th><th scope="col">{said.at}</th><th scope="col">{words.rules.from}</th><th scope="col">{said.files}</th></tr></thead>
        <tbody>
          {overview.published.map((edition) => (
            <tr key={edition.seq}><th scope="row">{edition.version}</th><td>{edition.by}</td><td><When at={edition.at} /></td><td><When at={edition.from} /></td><td><code>{edition.files.join(", ")}</code></td></tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
