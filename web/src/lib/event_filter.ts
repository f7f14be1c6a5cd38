// event_filter.ts - the filters of events, as they stand in the address and go to the interface
import type { Params } from "../api/calls";
import { currentZone } from "./prefs";

export const FILTERS = ["levels", "service", "host", "group", "fingerprint", "ts_from", "ts_to", "q", "q_mode"] as const;
export type FilterName = (typeof FILTERS)[number];
export type EventFilter = Partial<Record<FilterName, string>>;
export type ChangeFilter = (change: Partial<Record<FilterName | "order" | "seq" | "live", string | undefined>>) => void;

export function filterOf(params: URLSearchParams): EventFilter {
  const filter: EventFilter = {};
  for (const name of FILTERS) {
    const value = params.get(name);
    if (value !== null && value !== "") filter[name] = value;
  }
  return filter;
}

export const toParams = (filter: EventFilter): Params => ({ ...filter });

export const noFilter: Record<FilterName, undefined> = {
  levels: undefined,
  service: undefined,
  host: undefined,
  group: undefined,
  fingerprint: undefined,
  ts_from: undefined,
  ts_to: undefined,
  q: undefined,
  q_mode: undefined,
};

export function levelsOf(filter: EventFilter): string[] {
  return (filter.levels ?? "").split(",").filter((level) => level !== "");
}

/** What a person typed as a time, as the interface takes it; without a zone it is of the zone that times are shown in. null: no time. */
export function readTime(text: string): string | null {
  const trimmed = text.trim().replace(" ", "T");
  const timed = trimmed.includes("T") ? trimmed : `${trimmed}T00:00`;
  const isZoned = /T.*(Z|[+-]\d\d:?\d\d)$/i.test(timed);
  const at = new Date(isZoned || currentZone() === "local" ? timed : `${timed}Z`);
  return Number.isNaN(at.getTime()) ? null : at.toISOString();
}
