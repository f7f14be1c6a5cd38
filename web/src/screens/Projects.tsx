// Projects.tsx - the projects of an organisation, and the organisation itself
import { useState, type FormEvent } from "react";
import { read, write } from "../api/calls";
import type { Project } from "../api/types";
import { useAction, usePages } from "../api/use_query";
import { plural } from "../lib/format";
import { usePlace } from "../lib/place";
import { Link, navigate } from "../lib/router";
import { useAccount, useIsAdmin, useSession } from "../lib/session";
import { Ago, Button, Field, Panel, ScreenHead } from "../ui/basic";
import { Confirm, Dialog } from "../ui/dialog";
import { Empty, ErrorBox, Loading } from "../ui/states";

function EditProject({ project, onClose, onSaved }: { project: Project; onClose: () => void; onSaved: (saved: Project) => void }) {
  const [name, setName] = useState(project.name);
  const [days, setDays] = useState(project.retention_days === null ? "" : String(project.retention_days));
  const { busy, error, run } = useAction();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const retention_days = days === "" ? null : Number(days);
    void run(async () => onSaved(await write.changeProject(project.organisation_id, project.id, { name, retention_days })));
  };
  return (
    <Dialog open title="Project" onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        <ErrorBox error={error} />
        <Field label="Name" required maxLength={200} value={name} onChange={(event) => setName(event.target.value)} />
        <Field
          label="Keep events for (days)"
          type="number"
          min={1}
          max={36500}
          value={days}
          hint="Empty: as long as the daemon keeps them."
          onChange={(event) => setDays(event.target.value)}
        />
        <Button kind="main" type="submit" busy={busy}>
          Save
        </Button>
      </form>
    </Dialog>
  );
}

function NewProject({ org, onMade }: { org: number; onMade: (project: Project) => void }) {
  const [name, setName] = useState("");
  const { busy, error, run } = useAction();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void run(async () => {
      onMade(await write.createProject(org, name));
      setName("");
    });
  };
  return (
    <form className="panel-body filter-row" onSubmit={submit}>
      <ErrorBox error={error} />
      <input aria-label="Name of the new project" placeholder="name of a new project" required maxLength={200} value={name} onChange={(event) => setName(event.target.value)} />
      <Button kind="main" type="submit" busy={busy}>
        Make project
      </Button>
    </form>
  );
}

function Organisation({ org }: { org: number }) {
  const { organizations } = useAccount();
  const { refresh } = useSession();
  const here = organizations.find((one) => one.id === org);
  const [name, setName] = useState(here?.name ?? "");
  const [doomed, setDoomed] = useState(false);
  const { busy, error, run } = useAction();
  const rename = (event: FormEvent): void => {
    event.preventDefault();
    void run(async () => {
      await write.renameOrg(org, name);
      await refresh();
    });
  };
  const remove = async (): Promise<void> => {
    const done = await run(async () => {
      await write.deleteOrg(org);
      await refresh();
    });
    if (done) navigate("/");
  };
  return (
    <Panel title="Organisation">
      <form className="panel-body filter-row" onSubmit={rename}>
        <ErrorBox error={error} />
        <input aria-label="Name of the organisation" required maxLength={200} value={name} onChange={(event) => setName(event.target.value)} />
        <Button type="submit" busy={busy}>
          Rename
        </Button>
        <Button kind="danger" onClick={() => setDoomed(true)}>
          Delete organisation
        </Button>
      </form>
      <Confirm open={doomed} title="Delete this organisation?" action="Delete it with everything" busy={busy} onConfirm={() => void remove()} onClose={() => setDoomed(false)}>
        <p>
          <strong>{here?.name}</strong>, its projects and all their events are removed for good.
        </p>
      </Confirm>
    </Panel>
  );
}

export function Projects() {
  const { org } = usePlace();
  const isAdmin = useIsAdmin(org);
  const pages = usePages(read.projects(org));
  const [edited, setEdited] = useState<Project | null>(null);
  const [doomed, setDoomed] = useState<Project | null>(null);
  const { busy, error, run } = useAction();
  const remove = async (project: Project): Promise<void> => {
    if (!(await run(() => write.deleteProject(org, project.id)))) return;
    pages.change((items) => items.filter((one) => one.id !== project.id));
    setDoomed(null);
  };
  return (
    <>
      <ScreenHead title="Projects" />
      <ErrorBox error={error ?? pages.error} retry={pages.reload} />
      <div className="column">
        <Panel title={plural(pages.items.length, "project")}>
          {pages.loading && <Loading />}
          {!pages.loading && pages.items.length === 0 && <Empty title="No project yet">Events belong to a project.</Empty>}
          <ul className="brief">
            {pages.items.map((project) => (
              <li key={project.id}>
                <span className="dim num">{project.id}</span>
                <Link to={`/orgs/${org}/projects/${project.id}/overview`}>{project.name}</Link>
                <span className="dim">
                  {project.retention_days === null ? "kept as the daemon says" : `kept for ${plural(project.retention_days, "day")}`}, made <Ago ts={project.created_at} />
                </span>
                {isAdmin && (
                  <span>
                    <Button kind="quiet" onClick={() => setEdited(project)} aria-label={`Change ${project.name}`}>
                      Change
                    </Button>
                    <Button kind="quiet" onClick={() => setDoomed(project)} aria-label={`Delete ${project.name}`}>
                      Delete
                    </Button>
                  </span>
                )}
              </li>
            ))}
          </ul>
          {isAdmin && <NewProject org={org} onMade={(made) => pages.change((items) => [...items, made])} />}
        </Panel>
        {isAdmin && <Organisation org={org} key={org} />}
      </div>
      {edited && (
        <EditProject
          project={edited}
          onClose={() => setEdited(null)}
          onSaved={(saved) => {
            pages.change((items) => items.map((one) => (one.id === saved.id ? saved : one)));
            setEdited(null);
          }}
        />
      )}
      <Confirm open={doomed !== null} title="Delete this project?" action="Delete it with its events" busy={busy} onConfirm={() => doomed && void remove(doomed)} onClose={() => setDoomed(null)}>
        <p>
          <strong>{doomed?.name}</strong> with all its events, groups, findings and keys is removed for good.
        </p>
      </Confirm>
    </>
  );
}
