// types_findings.ts - findings, rules, channels and the overview, as api/openapi.yaml has them
import type { Levels, Named, Severity } from "./types_common";
import type { InsightContent } from "./types_insights";
import type { GroupBrief, IngestionStatus, Services, SourceType } from "./types_logs";

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
