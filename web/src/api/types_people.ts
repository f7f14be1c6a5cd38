// types_people.ts - accounts, organisations, projects and keys, as api/openapi.yaml has them
import type { Named } from "./types_common";

export type Role = "admin" | "member";

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
