// Names of organisations, items, steps and regions, and the working days: the catalogue, asked for once.

import { createContext, use, useMemo, type ReactNode } from "react";
import { useCatalogue } from "../api/queries.ts";
import type { Catalogue } from "../api/client.ts";
import { Calendar } from "../pure/calendar.ts";
import { regionName } from "../pure/regions.ts";
import { ZONE, type Lang } from "../pure/time.ts";
import { named, useLanguage } from "../words/index.tsx";

interface Names {
  zone: string;
  calendar: Calendar;
  catalogue: Catalogue | undefined;
  org: (id: string | null | undefined) => string;
  item: (code: string | null | undefined) => string;
  step: (item: string | null | undefined, step: string | null | undefined) => string;
  region: (region: string | null | undefined) => string;
}

function namesOf(catalogue: Catalogue | undefined, lang: Lang): Names {
  const orgs = new Map(catalogue?.orgs.map((org) => [org.id, org.name]));
  const items = new Map(catalogue?.items.map((item) => [item.code, item]));
  return {
    zone: catalogue?.time_zone ?? ZONE,
    calendar: new Calendar(catalogue?.calendar ?? []),
    catalogue,
    org: (id) => orgs.get(id ?? "") ?? id ?? "",
    item: (code) => {
      const item = items.get(code ?? "");
      return item ? named(item.name, lang) : (code ?? "");
    },
    step: (code, id) => {
      const step = items.get(code ?? "")?.steps.find((one) => one.id === id);
      return step ? named(step.name, lang) : (id ?? "");
    },
    region: (region) => (region ? regionName(region, catalogue?.orgs ?? []) : ""),
  };
}

const Context = createContext<Names>(namesOf(undefined, "zh"));

export function NamesProvider({ children }: { children: ReactNode }) {
  const { lang } = useLanguage();
  const { data } = useCatalogue();
  const names = useMemo(() => namesOf(data, lang), [data, lang]);
  return <Context value={names}>{children}</Context>;
}

export const useNames = (): Names => use(Context);
