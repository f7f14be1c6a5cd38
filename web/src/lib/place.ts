// place.ts - which organisation, project and ingestion the address names
import { usePath } from "./router";

export interface Place {
  org: number;
  project: number | null;
  ingestion: number | null;
  /** path of the project, in the page and in the interface alike */
  projectPath: string;
  /** path of what is looked at: the project, or an ingestion of it */
  scope: string;
}

const PATTERN = /^\/orgs\/(\d+)(?:\/projects\/(\d+)(?:\/ingestions\/(\d+)(?=\/(?:overview|events|groups|findings)))?)?/;

export function placeOf(path: string): Place | null {
  const found = PATTERN.exec(path);
  if (!found) return null;
  const [, org, project, ingestion] = found;
  const projectPath = `/orgs/${org}/projects/${project}`;
  return {
    org: Number(org),
    project: project === undefined ? null : Number(project),
    ingestion: ingestion === undefined ? null : Number(ingestion),
    projectPath,
    scope: ingestion === undefined ? projectPath : `${projectPath}/ingestions/${ingestion}`,
  };
}

export function usePlace(): Place {
  const place = placeOf(usePath());
  if (!place) throw new Error("a screen of a project is shown without one");
  return place;
}
