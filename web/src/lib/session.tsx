// session.tsx - who is logged in, for all screens
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";
import { fetchGet, read, write } from "../api/calls";
import { ApiError, setCsrfToken, watchSession } from "../api/client";
import type { Account } from "../api/types";

type State = { kind: "unknown" } | { kind: "out" } | { kind: "in"; account: Account } | { kind: "away"; error: ApiError };

interface SessionValue {
  state: State;
  refresh: () => Promise<void>;
  logIn: (email: string, password: string) => Promise<void>;
  logOut: () => Promise<void>;
}

const Context = createContext<SessionValue | null>(null);

export function SessionProvider({ children }: { children: ReactNode }) {
  const [state, setState] = useState<State>({ kind: "unknown" });

  const refresh = useCallback(async () => {
    try {
      const account = await fetchGet(read.me());
      setCsrfToken(account.csrf_token);
      setState({ kind: "in", account });
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      setState(error.status === 401 || error.status === 403 ? { kind: "out" } : { kind: "away", error });
    }
  }, []);

  const logIn = useCallback(
    async (email: string, password: string) => {
      setCsrfToken((await write.login(email, password)).csrf_token);
      await refresh();
    },
    [refresh],
  );

  const logOut = useCallback(async () => {
    await write.logout();
    setCsrfToken(undefined);
    setState({ kind: "out" });
  }, []);

  useEffect(() => {
    watchSession(() => setState({ kind: "out" }));
    void refresh();
  }, [refresh]);

  const value = useMemo(() => ({ state, refresh, logIn, logOut }), [state, refresh, logIn, logOut]);
  return <Context value={value}>{children}</Context>;
}

export function useSession(): SessionValue {
  const value = useContext(Context);
  if (!value) throw new Error("a screen stands outside of SessionProvider");
  return value;
}

export function useAccount(): Account {
  const { state } = useSession();
  if (state.kind !== "in") throw new Error("a screen for people who are logged in is shown to nobody");
  return state.account;
}

export function useIsAdmin(org: number): boolean {
  return useAccount().organizations.some((one) => one.id === org && one.role === "admin");
}
