// Invitation.tsx - what an invitation's link leads to
import { useState, type FormEvent } from "react";
import { read, write } from "../api/calls";
import { useAction, useQuery } from "../api/use_query";
import { exact } from "../lib/format";
import { navigate } from "../lib/router";
import { useSession } from "../lib/session";
import { Button, Field } from "../ui/basic";
import { Answer, ErrorBox } from "../ui/states";

export function Invitation({ token }: { token: string }) {
  const query = useQuery(read.invitation(token));
  const { logIn } = useSession();
  const { busy, error, run } = useAction();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const submit = async (event: FormEvent, email: string): Promise<void> => {
    event.preventDefault();
    const accept = async (): Promise<void> => {
      await write.accept(token, name === "" ? { password } : { name, password });
      await logIn(email, password);
    };
    if (await run(accept)) navigate("/", "replace");
  };
  return (
    <div className="card">
      <h1>Invitation</h1>
      <Answer query={query}>
        {(invitation) => (
          <form onSubmit={(event) => void submit(event, invitation.email)}>
            <p>
              <strong>{invitation.email}</strong> is invited to <strong>{invitation.organization.name}</strong> as {invitation.role}, until{" "}
              {exact(invitation.expires_at)}.
            </p>
            <ErrorBox error={error} />
            <Field label="Your name" hint="Only when you have no account yet." value={name} autoComplete="name" onChange={(event) => setName(event.target.value)} />
            <Field
              label="Password"
              hint="That of your account, or the one that your new account shall have."
              type="password"
              autoComplete="current-password"
              required
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
            <Button kind="main" type="submit" busy={busy}>
              Join
            </Button>
          </form>
        )}
      </Answer>
    </div>
  );
}
