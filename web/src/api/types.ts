// types.ts - what siftd answers; the schemas of api/openapi.yaml, by the same names

export const LEVELS = ["TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "ERROR", "CRITICAL"] as const;
export type Level = (typeof LEVELS)[number];
export type Levels = Record<string, number>;
export const SEVERITIES = ["CRIT", "HIGH", "MED", "LOW"] as const;
export type Severity = (typeof SEVERITIES)[number];
export type Role = "admin" | "member";

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
  has_more: boolean;
}

export interface Problem {
  title: string;
  status: number;
  detail: string;
  request_id: string;
  errors?: { field: string; detail: string }[];
}

export interface Named {
  id: number;
  name: string;
}

export interface Account extends Named {
  email: string;
  csrf_token?: string;
  organizations: (Named & { role: Role })[];
}

export interface LoginAnswer {
  token_type: "bearer" | "cookie";
  csrf_token?: string;
  expires_in: number;
}

export interface Session {
  id: number;
  current: boolean;
  address: string;
  user_agent: string;
  created_at: string;
  last_used_at: string;
  expires_at: string;
}

export interface InvitationLook {
  organization: Named;
  email: string;
  role: Role;
  expires_at: string;
}

export interface Invitation {
  id: number;
  email: string;
  role: Role;
  invited_by: string | null;
  created_at: string;
  expires_at: string;
  accepted_at: string | null;
  token?: string;
}

export interface AuditRow {
  id: number;
  at: string;
  actor: string;
  action: string;
  target: string;
  address: string;
  request_id: string;
}

export interface User extends Named {
  email: string;
  role: Role;
  created_at: string;
}

export interface Organisation extends Named {
  role: Role;
  created_at: string;
}

export interface Project extends Named {
  organisation_id: number;
  created_at: string;
  retention_days: number | null;
  retention_bytes: number | null;
}

export interface Key extends Named {
  role: "ingest" | "read";
  key_id: string;
  created_at: string;
  last_used_at: string | null;
  expires_at: string | null;
  revoked_at: string | null;
  key?: string;
}

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

export type FindingStatus = "provisional" | "open" | "acknowledged" | "resolved" | "muted" | "regressed";

export interface FindingBrief {
  id: number;
  rule: string;
  severity: Severity;
  title: string;
  total_occurrences: number;
  first_seen: string;
  last_seen: string;
}

export interface Finding extends FindingBrief {
  confidence: number;
  status: FindingStatus;
  key: string;
  matched_fingerprints: { fingerprint: string; count: number }[];
  evidence_seqs: number[];
  window: Record<string, unknown> | null;
  active: boolean;
  episodes: number;
  services: string[];
  hosts: string[];
  muted_until: string | null;
}

export interface Evidence {
  seq: number;
  ts: string;
  fingerprint: string;
  ingestion_id: number;
  raw: string;
}

export interface Episode {
  id: number;
  first_seen: string;
  last_seen: string;
  total: number;
  active: boolean;
}

export interface FindingDetail {
  finding: Finding;
  rule: { description: string | null; first_checks: string[]; references: string[] } | null;
  triage: { note: string; at: string | null; by: string | null };
  episodes: Episode[];
  insight: InsightContent | null;
  evidence: { head: Evidence[]; tail: Evidence[] };
  evidence_preview: Evidence[];
}

export interface Citation {
  seq: number;
  quote: string;
}

export interface Claim {
  text: string;
  confidence?: number | null;
  verified: boolean | null;
  citations: Citation[];
}

export interface InsightContent {
  sections: { id: string; title: string; claims: Claim[] }[];
  evidence_cited: number[];
  verified_share: number;
}

export interface Insight {
  id: number;
  scope_type: "group" | "finding";
  scope_id: number;
  status: "pending" | "done" | "failed";
  model: string;
  content: InsightContent | null;
  error: string | null;
  evidence: { seq: number; text: string }[];
  created_at: string;
}

export interface Rule {
  id: string;
  title: string;
  severity: Severity;
  confidence: number;
  window: string | null;
  origin: "shipped" | "project";
  updated_at: string | null;
  source?: string;
  description?: string | null;
  first_checks?: string[];
  references?: string[];
}

export interface TrialFinding {
  key: string;
  severity: Severity;
  occurrences: number;
  first_seen: string;
  last_seen: string;
  fires: boolean;
  evidence: { seq?: number; line?: number; ts: string; raw: string }[];
}

export interface RuleTrial {
  rule: string;
  records: number;
  matching: number;
  matches: { line: number; text: string }[];
  findings: TrialFinding[];
}

export interface Backtest {
  rule: string;
  complete: boolean;
  cut_by: string | null;
  events: number;
  matching: number;
  keys: number;
  firing: number;
  findings: TrialFinding[];
  seconds: number;
}

export const CHANNEL_KINDS = ["webhook", "slack", "alertmanager", "pagerduty", "kafka"] as const;
export type ChannelKind = (typeof CHANNEL_KINDS)[number];

export interface Channel extends Named {
  kind: ChannelKind;
  server: string;
  has_secret: boolean;
  severity_min: Severity;
  rate_max: number;
  digest_seconds: number;
  created_at: string;
  last_sent_at: string | null;
  last_status: number | null;
  last_error: string | null;
  sent: number;
  failed: number;
  dropped: number;
  waiting: number;
  paused_until: string | null;
  secret?: string;
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

export interface Overview {
  ingestion: (Named & { source_type: SourceType; status: IngestionStatus }) | null;
  stats: {
    total_events: number;
    total_events_with_ts: number;
    time_range: { min_ts: string | null; max_ts: string | null };
    levels: Levels;
    services_top: Services;
  };
  groups: { count: number; top: GroupBrief[] };
  findings: { count: number; by_severity: Record<Severity, number>; top: FindingBrief[] };
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

export interface Upload {
  id: string;
  length: number;
  offset: number;
}
