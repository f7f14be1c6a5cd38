// routes.tsx - the table of screens: a screen is added with one row here, and a file in screens/
import type { ReactNode } from "react";
import { Account } from "./screens/Account";
import { Audit } from "./screens/Audit";
import { Channels } from "./screens/Channels";
import { Events } from "./screens/Events";
import { Finding } from "./screens/Finding";
import { Findings } from "./screens/Findings";
import { Group } from "./screens/Group";
import { Groups } from "./screens/Groups";
import { Home } from "./screens/Home";
import { Ingestions } from "./screens/Ingestions";
import { Invitation } from "./screens/Invitation";
import { Keys } from "./screens/Keys";
import { Login } from "./screens/Login";
import { Members } from "./screens/Members";
import { NewIngestion } from "./screens/NewIngestion";
import { Overview } from "./screens/Overview";
import { Projects } from "./screens/Projects";
import { Register } from "./screens/Register";
import { Rules } from "./screens/Rules";
import { Sources } from "./screens/Sources";

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
  { path: "/account", title: "Account", view: () => <Account /> },
  { path: "/sources", title: "Sources", view: () => <Sources /> },
  { path: "/orgs/:org/projects", title: "Projects", view: () => <Projects /> },
  { path: "/orgs/:org/members", title: "Members", view: () => <Members /> },
  { path: "/orgs/:org/audit", title: "Audit", view: () => <Audit /> },
  { path: "{scope}/overview", title: "Overview", view: () => <Overview /> },
  { path: "{scope}/events", title: "Events", view: () => <Events /> },
  { path: "{scope}/groups", title: "Groups", view: () => <Groups /> },
  { path: "{scope}/groups/:group", title: "Group", view: (p) => <Group id={p["group"] ?? ""} /> },
  { path: "{scope}/findings", title: "Findings", view: () => <Findings /> },
  { path: "{scope}/findings/:finding", title: "Finding", view: (p) => <Finding id={p["finding"] ?? ""} /> },
  { path: "{project}/ingestions", title: "Ingestions", view: () => <Ingestions /> },
  { path: "{project}/ingestions/new", title: "New ingestion", view: () => <NewIngestion /> },
  { path: "{project}/rules", title: "Rules", view: () => <Rules /> },
  { path: "{project}/channels", title: "Channels", view: () => <Channels /> },
  { path: "{project}/keys", title: "API keys", view: () => <Keys /> },
];

export const routes: readonly Route[] = table.flatMap((route) =>
  route.path.startsWith("{scope}")
    ? [
        { ...route, path: route.path.replace("{scope}", PROJECT) },
        { ...route, path: route.path.replace("{scope}", `${PROJECT}/ingestions/:ingestion`) },
      ]
    : [{ ...route, path: route.path.replace("{project}", PROJECT) }],
);
