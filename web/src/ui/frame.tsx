// frame.tsx - what stands around every screen: the bar on top and the list of screens
import { useEffect, useState, type ReactNode } from "react";
import { useKeys } from "../lib/keyboard";
import { placeOf, type Place } from "../lib/place";
import { Link, navigate, usePath } from "../lib/router";
import { useAccount } from "../lib/session";
import { Help } from "./help";
import { ScopePicker } from "./scope_picker";
import { AccountMenu, ThemeButton, ZoneButton } from "./top_buttons";

interface Item {
  to: string;
  text: string;
}

/** The addresses of a project lie below that of the list of projects, and are not part of it. */
function isCurrent(item: Item, path: string): boolean {
  return path === item.to || (item.text !== "Projects" && path.startsWith(`${item.to}/`));
}

function sections(place: Place): { title: string; items: Item[] }[] {
  const { projectPath, scope, org } = place;
  const inScope = ["Overview", "Events", "Groups", "Findings"].map((text) => ({ to: `${scope}/${text.toLowerCase()}`, text }));
  const inProject = [
    { to: `${projectPath}/ingestions`, text: "Ingestions" },
    { to: `${projectPath}/rules`, text: "Rules" },
    { to: `${projectPath}/channels`, text: "Channels" },
    { to: `${projectPath}/keys`, text: "API keys" },
  ];
  const inOrg = [
    { to: `/orgs/${org}/projects`, text: "Projects" },
    { to: `/orgs/${org}/members`, text: "Members" },
    { to: `/orgs/${org}/audit`, text: "Audit" },
  ];
  return [
    ...(place.project === null ? [] : [{ title: "Look", items: inScope }, { title: "Project", items: inProject }]),
    { title: "Organisation", items: inOrg },
    { title: "Daemon", items: [{ to: "/sources", text: "Sources" }] },
  ];
}

const LAST = "siftd.place";

/** Screens without a project in their address keep the one that was looked at before, in this tab. */
function usePlaceOrLast(): Place | null {
  const path = usePath();
  const { organizations } = useAccount();
  const here = placeOf(path);
  const isProject = here !== null && here.project !== null;
  useEffect(() => {
    if (isProject) window.sessionStorage.setItem(LAST, path);
  }, [isProject, path]);
  if (isProject) return here;
  const last = placeOf(window.sessionStorage.getItem(LAST) ?? "");
  if (last && organizations.some((one) => one.id === last.org) && (here === null || here.org === last.org)) return last;
  const first = organizations[0];
  return here ?? (first ? placeOf(`/orgs/${first.id}`) : null);
}

function Nav({ place }: { place: Place }) {
  const path = usePath();
  return (
    <nav className="side" aria-label="Screens">
      {sections(place).map((section) => (
        <div key={section.title} className="side-section">
          <h2>{section.title}</h2>
          <ul>
            {section.items.map((item) => (
              <li key={item.to}>
                <Link to={item.to} aria-current={isCurrent(item, path) ? "page" : undefined}>
                  {item.text}
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

export function Frame({ children }: { children: ReactNode }) {
  const place = usePlaceOrLast();
  const [helping, setHelping] = useState(false);
  const go = (screen: string) => (): void => {
    if (place && place.project !== null) navigate(`${place.scope}/${screen}`);
  };
  useKeys({
    "?": () => setHelping(true),
    "1": go("overview"),
    "2": go("events"),
    "3": go("groups"),
    "4": go("findings"),
  });
  return (
    <div className="frame">
      <a className="skip" href="#screen">
        Skip to the screen
      </a>
      <header className="top">
        <Link to="/" className="brand">
          siftd
        </Link>
        {place && <ScopePicker place={place} />}
        <span className="grow" />
        <ZoneButton />
        <ThemeButton />
        <button type="button" className="button quiet" onClick={() => setHelping(true)} aria-label="Keyboard and help">
          ?
        </button>
        <AccountMenu />
      </header>
      {place ? <Nav place={place} /> : <nav className="side" aria-label="Screens" />}
      <main id="screen" tabIndex={-1}>
        {children}
      </main>
      <Help open={helping} onClose={() => setHelping(false)} />
    </div>
  );
}
