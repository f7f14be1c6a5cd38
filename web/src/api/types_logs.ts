// types_logs.ts - ingestions, events, groups and sources, as api/openapi.yaml has them
import type { Level, Levels, Named } from "./types_common";
import type { InsightContent } from "./types_insights";

export const INGESTION_STATUSES = ["pending", "processing", "live", "done", "failed"] as const;
export type IngestionStatus = (typeof INGESTION_STATUSES)[number];
export const SOURCE_TYPES = ["paste", "upload", "push", "file", "syslog", "kafka"] as const;
export type SourceType = (typeof SOURCE_TYPES)[number];

export interface Ingestion extends Named {
  project_id: number;
  source_type: SourceType;
  source: string | null;
  status: IngestionStatus;
  finding_status: IngestionStatus;
  progress: { bytes: number; lines: number; stored_bytes: number; stored_events: number };
  created_at: string;
  updated_at: string;
}

export interface Accepted {
  ingestion_id: number;
  accepted: { bytes: number; lines: number };
}

export interface Event {
  id: number;
  seq: number;
  ingestion_id: number;
  ts: string | null;
  service: string | null;
  host: string | null;
  level: Level | null;
  message: string;
  fingerprint: string;
  group: number | null;
  raw?: string;
}

export interface EventDetail extends Event {
  raw: string;
  observed_ts: string | null;
  leaf_fingerprint: string;
  attributes: Record<string, unknown>;
  parse: Record<string, unknown>;
}

export interface Bucket {
  ts: string;
  levels: Levels;
  count: number;
}

export interface Histogram {
  interval_s: number;
  total: number;
  buckets: Bucket[];
}

export interface FacetValue {
  value: string | null;
  count: number;
}

export interface Facets {
  total: number;
  level?: FacetValue[];
  service?: FacetValue[];
  host?: FacetValue[];
}

export interface Latest {
  seq: number;
  message: string;
}
export type Services = { service: string | null; count: number }[];
export type GroupStatus = "open" | "resolved" | "muted" | "regressed";

export interface GroupBrief {
  id: number;
  fingerprint: string;
  template: string;
  count: number;
  first_seen: string;
  last_seen: string;
  latest: Latest;
}

export interface Group extends GroupBrief {
  status: GroupStatus;
  share: number;
  new: boolean;
  spiking: boolean;
  sparkline: number[];
  levels: Levels;
  services: Services;
}

export interface Variable {
  name: string;
  type: string;
  top: { value: string; count: number }[];
  others: number;
}

export interface GroupDetail {
  group: Omit<Group, "levels" | "services"> & { total: number; sample: string | null };
  breakdown: { levels: Levels; services: Services };
  members: { fingerprint: string; template: string; generalised: boolean; reason: string; count: number }[];
  variables: Variable[];
  why: { what: "template" | "merge" | "split"; id: number | null; reason: string; by: string; at: string; undone: boolean }[];
  co_occurring: { id: number; fingerprint: string; template: string; minutes: number; overlap: number }[];
  insight: InsightContent | null;
}

export interface Source {
  name: string;
  type: string;
  state: "receiving" | "idle" | "failing";
  project_id: number;
  project: string;
  ingestion_id: number | null;
  counters: Record<string, number>;
  rates: Record<string, number>;
  lag: { bytes?: number; frames?: number };
  latency?: { batches: number; last_s: number; mean_s: number };
  ledger: Ledger;
  positions: { stream: string; offset: number; inner: number; path: string | null }[];
}

export interface Ledger {
  received_bytes: number;
  stored_bytes: number;
  stored_records: number;
  deduplicated_bytes: number;
  quarantined_bytes: number;
  dropped_bytes: Record<string, number>;
  closed: boolean;
  committed_at: string | null;
}
