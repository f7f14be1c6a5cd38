// Register.tsx - an account of one's own, with an organisation
import { useState, type FormEvent } from "react";
import { write } from "../api/calls";
import { useAction } from "../api/use_query";
import { Link, navigate } from "../lib/router";
import { useSession } from "../lib/session";
import { Button, Field } from "../ui/basic";
import { ErrorBox } from "../ui/states";

export function Register() {
  const { logIn } = useSession();
  const { busy, error, run } = useAction();
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const register = async (): Promise<void> => {
    await write.register(name, email, password);
    await logIn(email, password);
  };
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if (await run(register)) navigate("/", "replace");
  };
  return (
    <form className="card" onSubmit={(event) => void submit(event)}>
      <h1>Register</h1>
      <ErrorBox error={error} />
      <Field label="Name" name="name" autoComplete="name" required autoFocus value={name} onChange={(event) => setName(event.target.value)} />
      <Field
        label="E-mail"
        name="email"
        type="email"
        autoComplete="username"
        required
        value={email}
        error={error?.fields.get("email")}
        onChange={(event) => setEmail(event.target.value)}
      />
      <Field
        label="Password"
        name="password"
        type="password"
        autoComplete="new-password"
        minLength={8}
        required
        value={password}
        hint="At least 8 characters."
        error={error?.fields.get("password")}
        onChange={(event) => setPassword(event.target.value)}
      />
      <Button kind="main" type="submit" busy={busy}>
        Make the account
      </Button>
      <p className="hint">
        You get an organisation of your own. <Link to="/login">Log in instead</Link>
      </p>
    </form>
  );
}
