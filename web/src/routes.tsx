// routes.tsx - the table of screens: a screen is added with one row here, and a file in screens/
import type { ReactNode } from "react";
import { Events } from "./screens/Events";
import { Finding } from "./screens/Finding";
import { Findings } from "./screens/Findings";
import { Group } from "./screens/Group";
import { Groups } from "./screens/Groups";
import { Home } from "./screens/Home";
import { Invitation } from "./screens/Invitation";
import { Login } from "./screens/Login";
import { Overview } from "./screens/Overview";
import { Register } from "./screens/Register";

type Params = Record<string, string>;

export interface Route {
  /** as matchPath takes it. {scope}: the screen serves a project, and an ingestion of it */
  path: string;
  title: string;
  /** seen without a login */
  isPublic?: boolean;
  view: (params: Params) => ReactNode;
}

const PROJECT = "/orgs/:org/projects/:project";

const table: Route[] = [
  { path: "/login", title: "Log in", isPublic: true, view: () => <Login /> },
  { path: "/register", title: "Register", isPublic: true, view: () => <Register /> },
  { path: "/invitation/:token", title: "Invitation", isPublic: true, view: (p) => <Invitation token={p["token"] ?? ""} /> },
  { path: "", title: "siftd", view: () => <Home /> },
  { path: "{scope}/overview", title: "Overview", view: () => <Overview /> },
  { path: "{scope}/events", title: "Events", view: () => <Events /> },
  { path: "{scope}/groups", title: "Groups", view: () => <Groups /> },
  { path: "{scope}/groups/:group", title: "Group", view: (p) => <Group id={p["group"] ?? ""} /> },
  { path: "{scope}/findings", title: "Findings", view: () => <Findings /> },
  { path: "{scope}/findings/:finding", title: "Finding", view: (p) => <Finding id={p["finding"] ?? ""} /> },
];

export const routes: readonly Route[] = table.flatMap((route) =>
  route.path.startsWith("{scope}")
    ? [
        { ...route, path: route.path.replace("{scope}", PROJECT) },
        { ...route, path: route.path.replace("{scope}", `${PROJECT}/ingestions/:ingestion`) },
      ]
    : [{ ...route, path: route.path.replace("{project}", PROJECT) }],
);
