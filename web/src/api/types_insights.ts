// types_insights.ts - explanations, as api/openapi.yaml has them
import type { Page } from "./types_common";

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

export interface InsightPage extends Page<Insight> {
  /** the configuration names a model */
  can_explain: boolean;
}
