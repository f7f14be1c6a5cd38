// scope_picker.tsx - organisation, project and ingestion that are looked at
import { read } from "../api/calls";
import { useQuery } from "../api/use_query";
import type { Place } from "../lib/place";
import { Link, navigate, usePath } from "../lib/router";
import { useAccount } from "../lib/session";
import { Select } from "./basic";

function screenOf(path: string): string {
  return /\/(overview|events|groups|findings)$/.exec(path)?.[1] ?? "overview";
}

function Ingestion({ place }: { place: Place }) {
  const { data } = useQuery(place.ingestion === null ? null : read.ingestion(place.projectPath, place.ingestion));
  const path = usePath();
  if (place.ingestion === null) return null;
  return (
    <span className="scope-ingestion">
      <span className="dim">only</span> {data?.name ?? `ingestion ${place.ingestion}`}
      <Link to={`${place.projectPath}/${screenOf(path)}`} aria-label="Look at the whole project" title="Look at the whole project">
        ✕
      </Link>
    </span>
  );
}

export function ScopePicker({ place }: { place: Place }) {
  const { organizations } = useAccount();
  const { data } = useQuery(read.projects(place.org));
  const path = usePath();
  const projects = (data?.items ?? []).map((one) => [String(one.id), one.name] as const);
  const unchosen = [["", "choose a project"]] as const;
  return (
    <div className="scope-picker">
      <Select
        label="Organisation"
        hideLabel
        value={String(place.org)}
        options={organizations.map((one) => [String(one.id), one.name] as const)}
        onChange={(org) => navigate(`/orgs/${org}/projects`)}
      />
      <span className="dim" aria-hidden="true">
        /
      </span>
      <Select
        label="Project"
        hideLabel
        value={place.project === null ? "" : String(place.project)}
        options={place.project === null ? [...unchosen, ...projects] : projects}
        onChange={(project) => {
          if (project !== "") navigate(`/orgs/${place.org}/projects/${project}/${screenOf(path)}`);
        }}
      />
      <Ingestion place={place} />
    </div>
  );
}
