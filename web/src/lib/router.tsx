// router.tsx - the address bar as state: the page has no more routing than this
import { useSyncExternalStore, type AnchorHTMLAttributes, type MouseEvent } from "react";

const listeners = new Set<() => void>();

/** how far down each address of the journey was, for going back to it */
interface Place {
  y?: number;
}
const RESTORE_MS = 3000;

/** Content comes after its address: waits until the page is long enough, or until somebody scrolls. */
function scrollBack(y: number): void {
  const until = performance.now() + RESTORE_MS;
  let isWanted = true;
  const leave = (): void => void (isWanted = false);
  for (const kind of ["wheel", "keydown", "pointerdown"] as const) window.addEventListener(kind, leave, { once: true, passive: true });
  const attempt = (): void => {
    if (!isWanted || performance.now() > until) return;
    if (document.documentElement.scrollHeight >= y + window.innerHeight) window.scrollTo(0, y);
    else requestAnimationFrame(attempt);
  };
  requestAnimationFrame(attempt);
}

window.history.scrollRestoration = "manual";
window.addEventListener("popstate", (event) => scrollBack((event.state as Place | null)?.y ?? 0));

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("popstate", listener);
  };
}

export function navigate(to: string, how: "push" | "replace" = "push"): void {
  const from = window.location.pathname;
  if (how === "push") {
    window.history.replaceState({ y: window.scrollY } satisfies Place, "");
    window.history.pushState(null, "", to);
  } else window.history.replaceState(null, "", to);
  for (const listener of listeners) listener();
  if (window.location.pathname === from) return;
  // another screen: it begins at its top, and so do the keys
  window.scrollTo(0, 0);
  document.getElementById("screen")?.focus({ preventScroll: true });
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => window.location.pathname);
}

/** The query of the address, and a way to change some of it; undefined or "" takes a name out. */
export function useParams(): [URLSearchParams, (change: Record<string, string | undefined>, how?: "push" | "replace") => void] {
  const search = useSyncExternalStore(subscribe, () => window.location.search);
  const change = (some: Record<string, string | undefined>, how: "push" | "replace" = "push"): void => {
    const params = new URLSearchParams(window.location.search);
    for (const [name, value] of Object.entries(some)) {
      if (value === undefined || value === "") params.delete(name);
      else params.set(name, value);
    }
    const text = params.toString();
    navigate(window.location.pathname + (text === "" ? "" : `?${text}`), how);
  };
  return [new URLSearchParams(search), change];
}

/** Matches "/orgs/:org/users" and the like; null when the path is another one. */
export function matchPath(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split("/");
  const given = path.replace(/\/$/, "").split("/");
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const value = given[i] ?? "";
    if (part.startsWith(":")) {
      if (value === "") return null;
      params[part.slice(1)] = decodeURIComponent(value);
    } else if (part !== value) return null;
  }
  return params;
}

type LinkProps = AnchorHTMLAttributes<HTMLAnchorElement> & { to: string };

export function Link({ to, onClick, ...rest }: LinkProps) {
  const click = (event: MouseEvent<HTMLAnchorElement>): void => {
    onClick?.(event);
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (event.defaultPrevented || !isPlain) return;
    event.preventDefault();
    navigate(to);
  };
  return <a href={to} onClick={click} {...rest} />;
}
