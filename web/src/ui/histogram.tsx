// histogram.tsx - events by time and level; dragging over it chooses a time range
import { useRef, useState, type PointerEvent } from "react";
import type { Bucket, Histogram as Data } from "../api/types";
import { count, duration, minute, zoneName } from "../lib/format";
import { usePrefs } from "../lib/prefs";
import { levelClass } from "./basic";
import { levelEntries } from "./charts";

const HEIGHT = 90;

interface Props {
  data: Data;
  /** from the begin of one bucket to the end of another */
  onSelect?: (from: string, to: string) => void;
}

function Bar({ bucket, x, max }: { bucket: Bucket; x: number; max: number }) {
  let y = HEIGHT;
  // the lowest level lies at the bottom, so that errors stand out at the top
  return levelEntries(bucket.levels)
    .reverse()
    .map(([level, n]) => {
      const height = (n / max) * (HEIGHT - 4);
      y -= height;
      return <rect key={level} className={levelClass(level)} x={x + 0.08} y={y} width={0.84} height={height} />;
    });
}

const iso = (ms: number): string => new Date(ms).toISOString();
const zoned = (ts: string): string => `${minute(ts)} ${zoneName(ts)}`;

export function Histogram({ data, onSelect }: Props) {
  usePrefs();
  const svg = useRef<SVGSVGElement>(null);
  const [range, setRange] = useState<[number, number] | null>(null);
  const [pointed, setPointed] = useState<number | null>(null);
  const n = data.buckets.length;
  const max = Math.max(1, ...data.buckets.map((bucket) => bucket.count));

  const indexOf = (event: PointerEvent): number => {
    const box = svg.current?.getBoundingClientRect();
    if (!box || box.width === 0) return 0;
    return Math.min(n - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * n)));
  };
  const down = (event: PointerEvent<SVGSVGElement>): void => {
    if (!onSelect || event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const at = indexOf(event);
    setRange([at, at]);
  };
  const move = (event: PointerEvent): void => {
    const at = indexOf(event);
    setPointed(at);
    setRange((old) => (old ? [old[0], at] : null));
  };
  const up = (): void => {
    if (range && onSelect) {
      const [first, last] = range[0] <= range[1] ? range : [range[1], range[0]];
      const from = data.buckets[first];
      const to = data.buckets[last];
      if (from && to) onSelect(from.ts, iso(new Date(to.ts).getTime() + data.interval_s * 1000 - 1));
    }
    setRange(null);
  };

  if (n === 0) return <div className="histogram-empty dim">No events with a time in this range.</div>;
  const shown = pointed === null ? null : (data.buckets[pointed] ?? null);
  const last = data.buckets[n - 1];
  return (
    <div className="histogram">
      <svg
        ref={svg}
        viewBox={`0 0 ${n} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${count(data.total)} events in ${n} steps of ${duration(data.interval_s)}, from ${minute(data.buckets[0]?.ts ?? "")}`}
        className={onSelect ? "selectable" : ""}
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={up}
        onPointerCancel={() => setRange(null)}
        onPointerLeave={() => setPointed(null)}
      >
        {pointed !== null && <rect className="pointed" x={pointed} y={0} width={1} height={HEIGHT} />}
        {data.buckets.map((bucket, i) => (
          <Bar key={bucket.ts} bucket={bucket} x={i} max={max} />
        ))}
        {range && (
          <rect
            className="chosen"
            x={Math.min(...range)}
            y={0}
            width={Math.abs(range[1] - range[0]) + 1}
            height={HEIGHT}
          />
        )}
      </svg>
      <div className="histogram-axis mono dim">
        <span>{zoned(data.buckets[0]?.ts ?? "")}</span>
        <span className="histogram-note">
          {shown
            ? `${zoned(shown.ts)}  ·  ${count(shown.count)}  ${levelEntries(shown.levels)
                .map(([level, k]) => `${level} ${count(k)}`)
                .join("  ")}`
            : onSelect
              ? `${duration(data.interval_s)} a bar · drag to choose a range`
              : `${duration(data.interval_s)} a bar`}
        </span>
        <span>{last ? zoned(iso(new Date(last.ts).getTime() + data.interval_s * 1000)) : ""}</span>
      </div>
    </div>
  );
}
