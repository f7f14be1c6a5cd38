// Members.tsx - who is in an organisation, and who is invited
import { useState, type FormEvent } from "react";
import { read, write } from "../api/calls";
import type { Invitation, Role, User } from "../api/types";
import { useAction, usePages } from "../api/use_query";
import { usePlace } from "../lib/place";
import { useAccount, useIsAdmin } from "../lib/session";
import { Ago, Button, CopyButton, Panel, ScreenHead, Select, Tag } from "../ui/basic";
import { ErrorBox, Loading } from "../ui/states";

const ROLES = [
  ["member", "member"],
  ["admin", "admin"],
] as const;

function People({ org, isAdmin }: { org: number; isAdmin: boolean }) {
  const me = useAccount();
  const pages = usePages(read.users(org));
  const { busy, error, run } = useAction();
  const setRole = (user: User, role: Role): void => {
    void run(async () => {
      const changed = await write.setRole(org, user.id, role);
      pages.change((items) => items.map((one) => (one.id === changed.id ? changed : one)));
    });
  };
  const remove = (user: User): void => {
    void run(async () => {
      await write.removeUser(org, user.id);
      pages.change((items) => items.filter((one) => one.id !== user.id));
    });
  };
  return (
    <Panel title="Members">
      <ErrorBox error={error ?? pages.error} retry={pages.reload} />
      {pages.loading && <Loading />}
      <ul className="brief">
        {pages.items.map((user) => (
          <li key={user.id}>
            <Tag kind={user.role === "admin" ? "new" : "plain"}>{user.role}</Tag>
            <span>
              <strong>{user.name}</strong> <span className="dim">{user.email}</span> {user.id === me.id && <span className="dim">(you)</span>}
            </span>
            <span className="dim">
              since <Ago ts={user.created_at} />
            </span>
            {isAdmin && user.id !== me.id && (
              <span>
                <Button kind="quiet" busy={busy} onClick={() => setRole(user, user.role === "admin" ? "member" : "admin")}>
                  {user.role === "admin" ? "Make member" : "Make admin"}
                </Button>
                <Button kind="quiet" busy={busy} onClick={() => remove(user)} aria-label={`Remove ${user.email}`}>
                  Remove
                </Button>
              </span>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Invite({ org, onMade }: { org: number; onMade: () => void }) {
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("member");
  const [made, setMade] = useState<Invitation | null>(null);
  const { busy, error, run } = useAction();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void run(async () => {
      setMade(await write.invite(org, email, role));
      setEmail("");
      onMade();
    });
  };
  const link = made?.token === undefined ? null : `${window.location.origin}/invitation/${made.token}`;
  return (
    <form className="panel-body stack" onSubmit={submit}>
      <ErrorBox error={error} />
      <div className="filter-row">
        <input type="email" name="email" aria-label="E-mail of whom to invite" placeholder="e-mail" required value={email} onChange={(event) => setEmail(event.target.value)} />
        <Select label="Role" hideLabel value={role} options={ROLES} onChange={setRole} />
        <Button kind="main" type="submit" busy={busy}>
          Invite
        </Button>
      </div>
      {link !== null && (
        <div className="secret">
          <code>{link}</code>
          <CopyButton text={link} label="Copy link" />
        </div>
      )}
      <p className="hint">siftd sends no mail: pass the link on. It is shown once, and works once.</p>
    </form>
  );
}

function Invitations({ org }: { org: number }) {
  const pages = usePages(read.invitations(org));
  const { busy, error, run } = useAction();
  const withdraw = (one: Invitation): void => {
    void run(async () => {
      await write.withdraw(org, one.id);
      pages.change((items) => items.filter((item) => item.id !== one.id));
    });
  };
  return (
    <Panel title="Invitations">
      <ErrorBox error={error ?? pages.error} retry={pages.reload} />
      <ul className="brief">
        {pages.items.map((one) => (
          <li key={one.id}>
            <Tag>{one.role}</Tag>
            <span>{one.email}</span>
            <span className="dim">
              {one.accepted_at !== null ? (
                "accepted"
              ) : (
                <>
                  ends <Ago ts={one.expires_at} />
                </>
              )}
            </span>
            {one.accepted_at === null && (
              <Button kind="quiet" busy={busy} onClick={() => withdraw(one)} aria-label={`Withdraw the invitation of ${one.email}`}>
                Withdraw
              </Button>
            )}
          </li>
        ))}
      </ul>
      <Invite org={org} onMade={pages.reload} />
    </Panel>
  );
}

export function Members() {
  const { org } = usePlace();
  const isAdmin = useIsAdmin(org);
  return (
    <>
      <ScreenHead title="Members" />
      <div className="column">
        <People org={org} isAdmin={isAdmin} />
        {isAdmin && <Invitations org={org} />}
      </div>
    </>
  );
}
