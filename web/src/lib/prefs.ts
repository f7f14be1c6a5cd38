// prefs.ts - what a person chose for this browser: colours and time zone
import { useSyncExternalStore } from "react";

export type Theme = "auto" | "light" | "dark";
export type Zone = "utc" | "local";
export interface Prefs {
  theme: Theme;
  zone: Zone;
}

const KEY = "siftd.prefs";
const listeners = new Set<() => void>();
const darkQuery = window.matchMedia("(prefers-color-scheme: dark)");

function load(): Prefs {
  const prefs: Prefs = { theme: "auto", zone: "utc" };
  try {
    const stored = JSON.parse(window.localStorage.getItem(KEY) ?? "{}") as Partial<Prefs>;
    if (stored.theme === "light" || stored.theme === "dark") prefs.theme = stored.theme;
    if (stored.zone === "local") prefs.zone = "local";
  } catch {
    // unreadable or forbidden storage: the defaults do
  }
  return prefs;
}

let prefs = load();

function showTheme(): void {
  const dark = prefs.theme === "dark" || (prefs.theme === "auto" && darkQuery.matches);
  document.documentElement.dataset["theme"] = dark ? "dark" : "light";
}

/** Follows the system's colours from now on. */
export function startPrefs(): void {
  darkQuery.addEventListener("change", showTheme);
  showTheme();
}

export function setPrefs(change: Partial<Prefs>): void {
  prefs = { ...prefs, ...change };
  try {
    window.localStorage.setItem(KEY, JSON.stringify(prefs));
  } catch {
    // it holds until the page is left
  }
  showTheme();
  for (const listener of listeners) listener();
}

export function usePrefs(): Prefs {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => prefs,
  );
}

export const currentZone = (): Zone => prefs.zone;
