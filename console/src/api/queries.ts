// Questions to the API, each with its name in the cache.

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { Item } from "../pure/facts.ts";
import * as api from "./client.ts";
import { Failure, get } from "./client.ts";

/** How often what changes by itself is asked for again, ms. */
const LIVE = 15_000;
export const PAGE_ROWS = 500;

const path = (text: string) => encodeURIComponent(text);

/** Whether asking again may help. */
export function isPassing(count: number, error: unknown): boolean {
  return count < 3 && error instanceof Failure && [0, 429, 503].includes(error.status);
}

function useGet<T>(address: string, options: { live?: boolean; enabled?: boolean; forGood?: boolean } = {}) {
  return useQuery({
    queryKey: [address],
    queryFn: ({ signal }) => get<T>(address, signal),
    enabled: options.enabled ?? true,
    ...(options.live ? { refetchInterval: LIVE } : {}),
    ...(options.forGood ? { staleTime: Infinity } : {}),
  });
}

export const useMe = () => useGet<api.Me>("/api/v1/me", { forGood: true });
export const useCatalogue = () => useGet<api.Catalogue>("/api/v1/catalogue", { forGood: true });
export const useItem = (code: string | undefined) =>
  useGet<Item>(`/api/v1/catalogue/items/${path(code ?? "")}`, { enabled: code !== undefined, forGood: true });
export const useStats = (search: URLSearchParams) => useGet<api.Stats>(`/api/v1/stats?${search}`, { live: true });
export const useAlarm = (id: string) => useGet<api.AlarmDetail>(`/api/v1/alarms/${path(id)}`);
export const useCase = (id: string) => useGet<api.Case>(`/api/v1/cases/${path(id)}`);
export const useTimeline = (id: string, enabled = true) => useGet<api.Timeline>(`/api/v1/cases/${path(id)}/timeline`, { enabled });
export const useRules = () => useGet<api.RuleList>("/api/v1/rules?limit=500", { live: true });
export const useRule = (id: string, enabled = true) => useGet<api.Rule>(`/api/v1/rules/${path(id)}`, { live: true, enabled });
const version = (id: string, number: number) => `/api/v1/rules/${path(id)}/versions/${number}`;
export const useVersion = (id: string, number: number | undefined) =>
  useGet<api.VersionDetail>(version(id, number ?? 0), { enabled: number !== undefined });
export const useDiff = (id: string, number: number) => useGet<api.Differences>(`${version(id, number)}/diff`);
/** How often a dry run that is under way is looked at, ms. */
const RUNNING = 1_000;
export const useDryRun = (id: string, number: number) => {
  const address = `${version(id, number)}/dry-run`;
  return useQuery({
    queryKey: [address],
    queryFn: ({ signal }) => get<api.DryRunStanding>(address, signal),
    refetchInterval: ({ state }) => (state.data?.state === "running" ? RUNNING : LIVE),
  });
};
export const useLint = (id: string, number: number) => useGet<api.LintReport>(`${version(id, number)}/lint`);
export const useAudit = (id: string, enabled: boolean) => useGet<api.AuditList>(`/api/v1/audit?rule=${path(id)}&limit=500`, { enabled, live: true });
export const useCompleteness = (enabled: boolean) => useGet<api.Completeness>("/api/v1/completeness", { live: true, enabled });
export const useProgress = (enabled: boolean) => useGet<api.Progress>("/api/v1/progress", { live: true, enabled });
export const useIncidents = (enabled: boolean) => useGet<api.IncidentList>("/api/v1/incidents", { live: true, enabled });

export const useTodo = (enabled: boolean) => useGet<api.Todo>("/api/v1/todo?limit=500", { live: true, enabled });
export const useOrders = (search: URLSearchParams) => useGet<api.OrderList>(`/api/v1/orders?${search}${search.size > 0 ? "&" : ""}limit=500`, { live: true });
export const useOrder = (number: string | undefined) =>
  useGet<api.OrderDetail>(`/api/v1/orders/${path(number ?? "")}`, { live: true, enabled: number !== undefined });
export const useRegisters = (enabled: boolean) => useGet<api.RegistersOverview>("/api/v1/registers", { live: true, enabled });
export const useCalendars = () => useGet<api.Calendars>("/api/v1/registers/calendars");

export function useOfficers(search: string) {
  return useInfiniteQuery({
    queryKey: ["officers", search],
    initialPageParam: `/api/v1/registers/officers?${search}`,
    queryFn: ({ pageParam, signal }) => get<api.OfficerList>(pageParam, signal),
    getNextPageParam: (page) => page.next ?? undefined,
  });
}

export function useAlarms(search: string) {
  return useInfiniteQuery({
    queryKey: ["alarms", search],
    initialPageParam: `/api/v1/alarms?${search}${search && "&"}limit=${PAGE_ROWS}&count=exact`,
    queryFn: ({ pageParam, signal }) => get<api.AlarmList>(pageParam, signal),
    getNextPageParam: (page) => page.next ?? undefined,
  });
}

export function useDeadLetters(enabled: boolean) {
  return useInfiniteQuery({
    queryKey: ["dead-letters"],
    initialPageParam: "/api/v1/dead-letters?limit=50",
    queryFn: ({ pageParam, signal }) => get<api.DeadLetterList>(pageParam, signal),
    getNextPageParam: (page) => page.next ?? undefined,
    enabled,
  });
}
