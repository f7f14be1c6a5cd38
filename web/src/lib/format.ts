// format.ts - numbers, sizes and times as people read them
import { currentZone } from "./prefs";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export const count = (n: number): string => whole.format(n);
export const compact = (n: number): string => (n < 10000 ? whole.format(n) : short.format(n));

export function percent(share: number): string {
  if (share > 0 && share < 0.001) return "<0.1%";
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)}%`;
}

export function bytes(n: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = n;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${units[unit] ?? ""}`;
}

const two = (n: number): string => String(n).padStart(2, "0");

interface Parts {
  date: string;
  clock: string;
}

function partsOf(ts: string): Parts {
  const at = new Date(ts);
  if (currentZone() === "utc") {
    const iso = at.toISOString();
    return { date: iso.slice(0, 10), clock: iso.slice(11, 19) };
  }
  return {
    date: `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`,
    clock: `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`,
  };
}

const fraction = (ts: string, digits: number): string => (/\.(\d+)/.exec(ts)?.[1] ?? "").padEnd(6, "0").slice(0, digits);

/** To the millisecond, as a line of a log has it. */
export function stamp(ts: string | null): string {
  if (ts === null) return "no time";
  const { date, clock } = partsOf(ts);
  return `${date} ${clock}.${fraction(ts, 3)}`;
}

/** Of the times that are shown: UTC, or how far this computer's zone is from it then. */
export function zoneName(ts: string | null = null): string {
  if (currentZone() === "utc") return "UTC";
  const off = -(ts === null ? new Date() : new Date(ts)).getTimezoneOffset();
  if (off === 0) return "UTC";
  const away = Math.abs(off);
  return `UTC${off < 0 ? "−" : "+"}${two(Math.floor(away / 60))}:${two(away % 60)}`;
}

/** To the microsecond, with its zone: for tooltips and details. */
export function exact(ts: string | null): string {
  if (ts === null) return "no timestamp";
  const { date, clock } = partsOf(ts);
  return `${date} ${clock}.${fraction(ts, 6)} ${zoneName(ts)}`;
}

export function minute(ts: string): string {
  const { date, clock } = partsOf(ts);
  return `${date} ${clock.slice(0, 5)}`;
}

const STEPS: [number, string][] = [
  [60, "s"],
  [60, "min"],
  [24, "h"],
  [365, "d"],
];

export function duration(seconds: number): string {
  let value = Math.max(0, seconds);
  for (const [size, unit] of STEPS) {
    if (value < size) return `${value < 10 && unit === "s" ? Number(value.toFixed(1)) : Math.floor(value)} ${unit}`;
    value /= size;
  }
  return `${value.toFixed(1)} y`;
}

export function ago(ts: string): string {
  const seconds = (Date.now() - new Date(ts).getTime()) / 1000;
  return seconds < 0 ? `in ${duration(-seconds)}` : `${duration(Math.floor(seconds))} ago`;
}

export const plural = (n: number, one: string, many = `${one}s`): string => `${compact(n)} ${n === 1 ? one : many}`;
