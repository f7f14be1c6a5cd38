// calls.ts - every call that the page makes, with the type of its answer
import { request, urlOf } from "./client";
import type * as t from "./types";

/** A GET that is not sent yet; useQuery and usePages send it. */
export interface Get<T> {
  path: string;
  /** only the compiler looks at it */
  answer?: T;
}

export type Params = Record<string, string | number | undefined>;

export function withParams(path: string, params: Params): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined && value !== "") query.set(name, String(value));
  }
  const text = query.toString();
  return text === "" ? path : `${path}?${text}`;
}

const get = <T>(path: string, params: Params = {}): Get<T> => ({ path: withParams(path, params) });

export const fetchGet = <T>(call: Get<T>, signal?: AbortSignal): Promise<T> =>
  request<T>("GET", call.path, signal ? { signal } : {});

/** /orgs/1/projects/2, or with /ingestions/3: what both scopes of the interface share */
export type Scope = string;

export const read = {
  me: () => get<t.Account>("/auth/me"),
  sessions: () => get<t.Page<t.Session>>("/auth/sessions"),
  invitation: (token: string) => get<t.InvitationLook>(`/invitations/${encodeURIComponent(token)}`),
  sources: () => get<{ items: t.Source[] }>("/sources"),
  orgs: () => get<t.Page<t.Organisation>>("/orgs"),
  projects: (org: number) => get<t.Page<t.Project>>(`/orgs/${org}/projects`, { limit: 500 }),
  users: (org: number) => get<t.Page<t.User>>(`/orgs/${org}/users`),
  invitations: (org: number) => get<t.Page<t.Invitation>>(`/orgs/${org}/invitations`),
  audit: (org: number, params: Params) => get<t.Page<t.AuditRow>>(`/orgs/${org}/audit`, params),
  keys: (project: Scope) => get<t.Page<t.Key>>(`${project}/keys`),
  ingestions: (project: Scope, params: Params) => get<t.Page<t.Ingestion>>(`${project}/ingestions`, params),
  ingestion: (project: Scope, id: number) => get<t.Ingestion>(`${project}/ingestions/${id}`),
  rules: (project: Scope) => get<{ items: t.Rule[] }>(`${project}/rules`),
  rule: (project: Scope, id: string) => get<t.Rule>(`${project}/rules/${encodeURIComponent(id)}`),
  channels: (project: Scope) => get<t.Page<t.Channel>>(`${project}/channels`),
  overview: (scope: Scope) => get<t.Overview>(`${scope}/overview`),
  events: (scope: Scope, params: Params) => get<t.Page<t.Event>>(`${scope}/events`, params),
  event: (scope: Scope, seq: number) => get<t.EventDetail>(`${scope}/events/${seq}`),
  context: (scope: Scope, seq: number, around: number) =>
    get<{ items: t.Event[] }>(`${scope}/events/${seq}/context`, { before: around, after: around }),
  histogram: (scope: Scope, params: Params) => get<t.Histogram>(`${scope}/events/histogram`, params),
  facets: (scope: Scope, params: Params) => get<t.Facets>(`${scope}/events/facets`, params),
  groups: (scope: Scope, params: Params) => get<t.Page<t.Group>>(`${scope}/groups`, params),
  group: (scope: Scope, id: string) => get<t.GroupDetail>(`${scope}/groups/${encodeURIComponent(id)}`),
  findings: (scope: Scope, params: Params) => get<t.Page<t.Finding>>(`${scope}/findings`, params),
  finding: (scope: Scope, id: string) => get<t.FindingDetail>(`${scope}/findings/${encodeURIComponent(id)}`),
  insights: (scope: Scope, kind: "group" | "finding", id: number) =>
    get<t.InsightPage>(`${scope}/insights`, { scope_type: kind, id, limit: 1 }),
};

const post = <T>(path: string, body: unknown = {}): Promise<T> => request<T>("POST", path, { body });
const patch = <T>(path: string, body: unknown): Promise<T> => request<T>("PATCH", path, { body });
const remove = (path: string): Promise<void> => request<void>("DELETE", path);

export interface NewChannel {
  name: string;
  kind: t.ChannelKind;
  url?: string;
  secret?: string;
  severity_min: t.Severity;
}

export const write = {
  login: (email: string, password: string) =>
    post<t.LoginAnswer>("/auth/login", { email, password, session: "cookie" }),
  register: (name: string, email: string, password: string) => post<t.Account>("/auth/register", { name, email, password }),
  logout: () => post<void>("/auth/logout"),
  password: (current_password: string, new_password: string) =>
    post<void>("/auth/password", { current_password, new_password }),
  endSession: (id: number) => remove(`/auth/sessions/${id}`),
  accept: (token: string, body: { name?: string; password: string }) =>
    post<t.Account>(`/invitations/${encodeURIComponent(token)}/accept`, body),
  createOrg: (name: string) => post<t.Organisation>("/orgs", { name }),
  renameOrg: (org: number, name: string) => patch<t.Organisation>(`/orgs/${org}`, { name }),
  deleteOrg: (org: number) => remove(`/orgs/${org}`),
  invite: (org: number, email: string, role: t.Role) => post<t.Invitation>(`/orgs/${org}/invitations`, { email, role }),
  withdraw: (org: number, id: number) => remove(`/orgs/${org}/invitations/${id}`),
  setRole: (org: number, user: number, role: t.Role) => patch<t.User>(`/orgs/${org}/users/${user}`, { role }),
  removeUser: (org: number, user: number) => remove(`/orgs/${org}/users/${user}`),
  createProject: (org: number, name: string) => post<t.Project>(`/orgs/${org}/projects`, { name }),
  changeProject: (org: number, id: number, body: Partial<Pick<t.Project, "name" | "retention_days">>) =>
    patch<t.Project>(`/orgs/${org}/projects/${id}`, body),
  deleteProject: (org: number, id: number) => remove(`/orgs/${org}/projects/${id}`),
  createKey: (project: Scope, name: string, role: t.Key["role"]) => post<t.Key>(`${project}/keys`, { name, role }),
  revokeKey: (project: Scope, id: number) => remove(`${project}/keys/${id}`),
  createIngestion: (project: Scope, name: string, source_type: t.SourceType) =>
    post<t.Ingestion>(`${project}/ingestions`, { name, source_type }),
  deleteIngestion: (project: Scope, id: number) => remove(`${project}/ingestions/${id}`),
  paste: (project: Scope, ingestion: number, text: string) =>
    post<t.Accepted>(`${project}/ingestions/${ingestion}/logs/paste`, { text }),
  setGroupStatus: (scope: Scope, id: number, status: "open" | "resolved" | "muted", until?: string) =>
    patch<{ status: t.GroupStatus }>(`${scope}/groups/${id}`, until ? { status, until } : { status }),
  undoMerge: (scope: Scope, id: number) => post<unknown>(`${scope}/groups/merges/${id}/undo`),
  setFindingStatus: (scope: Scope, id: number, body: { status: string; until?: string; note?: string }) =>
    patch<{ status: t.FindingStatus }>(`${scope}/findings/${id}`, body),
  explain: (scope: Scope, kind: "group" | "finding", id: number, regenerate: boolean) =>
    post<{ insight: t.Insight }>(`${scope}/insights`, { scope_type: kind, id, regenerate }),
  createRule: (project: Scope, source: string) => post<t.Rule>(`${project}/rules`, { source }),
  replaceRule: (project: Scope, id: string, source: string) =>
    request<t.Rule>("PUT", `${project}/rules/${encodeURIComponent(id)}`, { body: { source } }),
  deleteRule: (project: Scope, id: string) => remove(`${project}/rules/${encodeURIComponent(id)}`),
  testRule: (project: Scope, source: string, text: string) => post<t.RuleTrial>(`${project}/rules/test`, { source, text }),
  backtest: (project: Scope, body: { source: string } | { rule: string }) =>
    post<t.Backtest>(`${project}/rules/backtest`, body),
  createChannel: (project: Scope, channel: NewChannel) => post<t.Channel>(`${project}/channels`, channel),
  deleteChannel: (project: Scope, id: number) => remove(`${project}/channels/${id}`),
  testChannel: (project: Scope, id: number) => post<{ delivery: string }>(`${project}/channels/${id}/test`),
};

/** Addresses for EventSource and for downloads, which send the cookie by themselves. */
export const addresses = {
  tail: (scope: Scope, params: Params) => urlOf(withParams(`${scope}/events/tail`, params)),
  download: (scope: Scope, params: Params) => urlOf(withParams(`${scope}/events/export`, params)),
  uploads: (project: Scope, ingestion: number) => urlOf(`${project}/ingestions/${ingestion}/uploads`),
};
