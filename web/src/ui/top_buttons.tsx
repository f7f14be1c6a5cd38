// top_buttons.tsx - colours, time zone, and who is logged in
import { useAction } from "../api/use_query";
import { setPrefs, usePrefs, type Theme } from "../lib/prefs";
import { Link, navigate } from "../lib/router";
import { useAccount, useSession } from "../lib/session";
import { Button } from "./basic";

const NEXT: Record<Theme, Theme> = { auto: "light", light: "dark", dark: "auto" };
const SIGN: Record<Theme, string> = { auto: "◐ auto", light: "☀ light", dark: "☾ dark" };

export function ThemeButton() {
  const { theme } = usePrefs();
  return (
    <Button kind="quiet" onClick={() => setPrefs({ theme: NEXT[theme] })} title="Colours: as the system, light, dark">
      <span className="sr-only">Colours: </span>
      {SIGN[theme]}
    </Button>
  );
}

export function ZoneButton() {
  const { zone } = usePrefs();
  return (
    <Button kind="quiet" onClick={() => setPrefs({ zone: zone === "utc" ? "local" : "utc" })} title="Times in UTC, or in this computer's zone">
      <span className="sr-only">Times: </span>
      {zone === "utc" ? "UTC" : "local"}
    </Button>
  );
}

export function AccountMenu() {
  const account = useAccount();
  const { logOut } = useSession();
  const { busy, run } = useAction();
  const leave = async (): Promise<void> => {
    if (await run(logOut)) navigate("/login");
  };
  return (
    <>
      <Link to="/account" className="button quiet account-name">
        {account.name || account.email}
      </Link>
      <Button kind="quiet" busy={busy} onClick={() => void leave()}>
        Log out
      </Button>
    </>
  );
}
