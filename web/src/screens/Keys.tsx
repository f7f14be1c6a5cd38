// Keys.tsx - API keys for shippers and readers, with settings to paste
import { useState, type FormEvent } from "react";
import { read, write } from "../api/calls";
import type { Key } from "../api/types";
import { useAction, usePages } from "../api/use_query";
import { usePlace } from "../lib/place";
import { useIsAdmin } from "../lib/session";
import { Ago, Button, CopyButton, Panel, ScreenHead, Select, Tag } from "../ui/basic";
import { Confirm } from "../ui/dialog";
import { ShipperSettings } from "../ui/shipper_settings";
import { Empty, ErrorBox, Loading } from "../ui/states";

const ROLES = [
  ["ingest", "ingest: may push logs, nothing else"],
  ["read", "read: may read all of the project"],
] as const;

function stateOf(key: Key): [string, string] {
  if (key.revoked_at !== null) return ["plain", "revoked"];
  if (key.expires_at !== null && new Date(key.expires_at) < new Date()) return ["plain", "expired"];
  return ["ok", "valid"];
}

function NewKey({ projectPath, onMade }: { projectPath: string; onMade: (key: Key) => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Key["role"]>("ingest");
  const { busy, error, run } = useAction();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void run(async () => {
      onMade(await write.createKey(projectPath, name, role));
      setName("");
    });
  };
  return (
    <form className="panel-body filter-row" onSubmit={submit}>
      <ErrorBox error={error} />
      <input aria-label="Name of the key" name="name" placeholder="name, as of the shipper" required maxLength={200} value={name} onChange={(event) => setName(event.target.value)} />
      <Select label="What it may do" hideLabel value={role} options={ROLES} onChange={setRole} />
      <Button kind="main" type="submit" busy={busy}>
        Make key
      </Button>
    </form>
  );
}

function MadeKey({ made, projectPath }: { made: Key; projectPath: string }) {
  return (
    <Panel title={`The key “${made.name}”, shown this once`}>
      <div className="panel-body secret">
        <code>{made.key}</code>
        <CopyButton text={made.key ?? ""} label="Copy key" />
      </div>
      {made.role === "ingest" && <ShipperSettings projectPath={projectPath} secret={made.key ?? null} />}
    </Panel>
  );
}

export function Keys() {
  const { projectPath, org } = usePlace();
  const isAdmin = useIsAdmin(org);
  const pages = usePages(read.keys(projectPath));
  const [made, setMade] = useState<Key | null>(null);
  const [doomed, setDoomed] = useState<Key | null>(null);
  const { busy, error, run } = useAction();
  const revoke = async (key: Key): Promise<void> => {
    if (!(await run(() => write.revokeKey(projectPath, key.id)))) return;
    setDoomed(null);
    pages.reload();
  };
  return (
    <>
      <ScreenHead title="API keys" note="for shippers and other machines" />
      <ErrorBox error={error ?? pages.error} retry={pages.reload} />
      <div className="column">
        {made && <MadeKey made={made} projectPath={projectPath} />}
        <Panel title="Keys">
          {pages.loading && <Loading />}
          {!pages.loading && pages.items.length === 0 && <Empty title="No keys yet">A shipper needs one to push logs here.</Empty>}
          {pages.items.length > 0 && (
            <div className="table-wrap">
              <table className="data-table">
                <thead>
                  <tr>
                    <th scope="col">Name</th>
                    <th scope="col">Key</th>
                    <th scope="col">May</th>
                    <th scope="col">State</th>
                    <th scope="col">Used</th>
                    <th scope="col">
                      <span className="sr-only">Actions</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {pages.items.map((key) => {
                    const [kind, state] = stateOf(key);
                    return (
                      <tr key={key.id}>
                        <td>{key.name}</td>
                        <td className="mono dim">sift_{key.key_id}_…</td>
                        <td>{key.role}</td>
                        <td>
                          <Tag kind={kind}>{state}</Tag>
                        </td>
                        <td className="dim">
                          <Ago ts={key.last_used_at} />
                        </td>
                        <td className="row-actions">
                          {isAdmin && state === "valid" && (
                            <Button kind="quiet" onClick={() => setDoomed(key)} aria-label={`Revoke ${key.name}`}>
                              Revoke
                            </Button>
                          )}
                        </td>
                      </tr>
                    );
                  })}
                </tbody>
              </table>
            </div>
          )}
          {isAdmin ? (
            <NewKey
              projectPath={projectPath}
              onMade={(key) => {
                setMade(key);
                pages.reload();
              }}
            />
          ) : (
            <p className="panel-body hint">An admin of the organisation makes keys.</p>
          )}
        </Panel>
        {!made && (
          <Panel title="Settings of shippers">
            <ShipperSettings projectPath={projectPath} secret={null} />
          </Panel>
        )}
      </div>
      <Confirm open={doomed !== null} title="Revoke this key?" action="Revoke it" busy={busy} onConfirm={() => doomed && void revoke(doomed)} onClose={() => setDoomed(null)}>
        <p>
          Whoever uses <strong>{doomed?.name}</strong> is refused from now on.
        </p>
      </Confirm>
    </>
  );
}
