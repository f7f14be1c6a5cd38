// types_common.ts - levels, pages and problems, which all answers share
export const LEVELS = ["TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "ERROR", "CRITICAL"] as const;
export type Level = (typeof LEVELS)[number];
export type Levels = Record<string, number>;
export const SEVERITIES = ["CRIT", "HIGH", "MED", "LOW"] as const;
export type Severity = (typeof SEVERITIES)[number];

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
