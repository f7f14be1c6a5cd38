// Login.tsx - log in with an e-mail address and a password
import { useState, type FormEvent } from "react";
import { useAction } from "../api/use_query";
import { Link, navigate, useParams } from "../lib/router";
import { useSession } from "../lib/session";
import { Button, Field } from "../ui/basic";
import { ErrorBox } from "../ui/states";

/** only a path of this page: an address elsewhere would lend our login to strangers */
function safeNext(next: string | null): string {
  return next !== null && /^\/(?![/\\])/.test(next) ? next : "/";
}

export function Login() {
  const { logIn } = useSession();
  const { busy, error, run } = useAction();
  const [params] = useParams();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (await run(() => logIn(email, password))) navigate(safeNext(params.get("next")), "replace");
  };
  return (
    <form className="card" onSubmit={(event) => void submit(event)}>
      <h1>siftd</h1>
      <p className="dim">Logs in, incidents out.</p>
      <ErrorBox error={error} />
      <Field
        label="E-mail"
        name="email"
        autoComplete="username"
        required
        autoFocus
        value={email}
        onChange={(event) => setEmail(event.target.value)}
      />
      <Field
        label="Password"
        name="password"
        type="password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      <Button kind="main" type="submit" busy={busy}>
        Log in
      </Button>
      <p className="hint">
        No account yet? <Link to="/register">Register</Link>, or ask an admin for an invitation. The first admin&rsquo;s password is
        printed by siftd at its first start.
      </p>
    </form>
  );
}
