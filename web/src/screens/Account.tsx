// Account.tsx - password, sessions, organisations of whoever is logged in
import { useState, type FormEvent } from "react";
import { read, write } from "../api/calls";
import { useAction, usePages } from "../api/use_query";
import { Link } from "../lib/router";
import { useAccount, useSession } from "../lib/session";
import { Ago, Button, Field, Panel, ScreenHead, Tag } from "../ui/basic";
import { ErrorBox, Loading } from "../ui/states";

function Password() {
  const [current, setCurrent] = useState("");
  const [fresh, setFresh] = useState("");
  const [done, setDone] = useState(false);
  const { busy, error, run } = useAction();
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setDone(false);
    if (!(await run(() => write.password(current, fresh)))) return;
    setDone(true);
    setCurrent("");
    setFresh("");
  };
  return (
    <Panel title="Password">
      <form className="panel-body stack" onSubmit={(event) => void submit(event)}>
        <ErrorBox error={error} />
        <Field label="Current password" type="password" autoComplete="current-password" required value={current} onChange={(event) => setCurrent(event.target.value)} />
        <Field label="New password" type="password" autoComplete="new-password" required minLength={8} value={fresh} onChange={(event) => setFresh(event.target.value)} />
        <Button type="submit" busy={busy}>
          Change it
        </Button>
        <p className="hint" role="status">
          {done ? "Changed. All other sessions have ended." : "All other sessions of yours end with it."}
        </p>
      </form>
    </Panel>
  );
}

function Sessions() {
  const pages = usePages(read.sessions());
  const { busy, error, run } = useAction();
  const end = (id: number): void => {
    void run(async () => {
      await write.endSession(id);
      pages.change((items) => items.filter((one) => one.id !== id));
    });
  };
  return (
    <Panel title="Sessions">
      <ErrorBox error={error ?? pages.error} retry={pages.reload} />
      {pages.loading && <Loading />}
      <ul className="brief">
        {pages.items.map((one) => (
          <li key={one.id}>
            <span className="mono">{one.address}</span>
            <span className="clip dim" title={one.user_agent}>
              {one.user_agent}
            </span>
            <Ago ts={one.last_used_at} />
            {one.current ? (
              <Tag kind="ok">this one</Tag>
            ) : (
              <Button kind="quiet" busy={busy} onClick={() => end(one.id)}>
                End
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Organisations() {
  const { organizations } = useAccount();
  const { refresh } = useSession();
  const [name, setName] = useState("");
  const { busy, error, run } = useAction();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void run(async () => {
      await write.createOrg(name);
      await refresh();
      setName("");
    });
  };
  return (
    <Panel title="Organisations">
      <ul className="brief">
        {organizations.map((one) => (
          <li key={one.id}>
            <Tag>{one.role}</Tag>
            <Link to={`/orgs/${one.id}/projects`}>{one.name}</Link>
          </li>
        ))}
      </ul>
      <form className="panel-body filter-row" onSubmit={submit}>
        <ErrorBox error={error} />
        <input aria-label="Name of the new organisation" placeholder="name of a new organisation" required maxLength={200} value={name} onChange={(event) => setName(event.target.value)} />
        <Button type="submit" busy={busy}>
          Make organisation
        </Button>
      </form>
    </Panel>
  );
}

export function Account() {
  const account = useAccount();
  return (
    <>
      <ScreenHead title={account.name} note={account.email} />
      <div className="two-columns">
        <div className="column">
          <Sessions />
          <Organisations />
        </div>
        <Password />
      </div>
    </>
  );
}
