// charts.tsx - small charts in SVG: a line of bars, and the share of each level
import { LEVEL_ORDER, levelClass } from "./basic";
import type { Levels } from "../api/types";
import { count } from "../lib/format";

export function Sparkline({ values, label }: { values: number[]; label: string }) {
  const max = Math.max(1, ...values);
  const width = values.length * 4;
  return (
    <svg className="sparkline" viewBox={`0 0 ${width} 20`} preserveAspectRatio="none" role="img" aria-label={label}>
      {values.map((value, i) => {
        // one event among thousands is still seen
        const height = value === 0 ? 0 : Math.max(1.5, (value / max) * 20);
        return <rect key={i} x={i * 4} y={20 - height} width={3} height={height} />;
      })}
    </svg>
  );
}

export function levelEntries(levels: Levels): [string, number][] {
  return [...LEVEL_ORDER, "none"].flatMap((level): [string, number][] => {
    const n = levels[level] ?? 0;
    return n > 0 ? [[level, n]] : [];
  });
}

export function LevelBar({ levels }: { levels: Levels }) {
  const entries = levelEntries(levels);
  const total = entries.reduce((sum, [, n]) => sum + n, 0);
  const text = entries.map(([level, n]) => `${level} ${count(n)}`).join(", ");
  let x = 0;
  return (
    <svg className="level-bar" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label={text || "no levels"}>
      <title>{text}</title>
      {entries.map(([level, n]) => {
        const width = (n / Math.max(1, total)) * 100;
        const rect = <rect key={level} className={levelClass(level)} x={x} y={0} width={width} height={6} />;
        x += width;
        return rect;
      })}
    </svg>
  );
}

/** A bar behind a row of a list; its length is the part of the largest. */
export function ShareBar({ part }: { part: number }) {
  return (
    <svg className="share-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
      <rect x={0} y={0} width={Math.max(0.5, part * 100)} height={4} />
    </svg>
  );
}
