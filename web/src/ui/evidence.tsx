// evidence.tsx - the lines that a finding stands on; one that is cited is scrolled to and lit up
import { useEffect } from "react";
import type { Scope } from "../api/calls";
import type { Citation, Evidence as Line, FindingDetail } from "../api/types";
import { count, exact, stamp, zoneName } from "../lib/format";
import { usePrefs } from "../lib/prefs";
import { Link } from "../lib/router";
import { Panel } from "./basic";
import { Marked } from "./template";

/** Each citing lights its line up again, also the same one: hence the number. */
export interface Cited extends Citation {
  turn: number;
}

const idOf = (seq: number): string => `evidence-${seq}`;

function EvidenceLine({ line, cited, scope }: { line: Line; cited: Cited | null; scope: Scope }) {
  const isCited = cited?.seq === line.seq;
  return (
    <li id={idOf(line.seq)} className={isCited ? "evidence-line cited" : "evidence-line"} tabIndex={-1}>
      <div className="evidence-head mono">
        <Link to={`${scope}/events?seq=${line.seq}`}>{line.seq}</Link>
        <time className="dim" dateTime={line.ts} title={exact(line.ts)}>
          {stamp(line.ts)} {zoneName(line.ts)}
        </time>
      </div>
      <pre>
        <Marked text={line.raw} find={isCited ? cited.quote : ""} />
      </pre>
    </li>
  );
}

/** Head and tail may share lines when there are few. */
function linesOf(detail: FindingDetail): { head: Line[]; tail: Line[] } {
  const known = new Set(detail.evidence.head.map((line) => line.seq));
  return { head: detail.evidence.head, tail: detail.evidence.tail.filter((line) => !known.has(line.seq)) };
}

export function hasEvidence(detail: FindingDetail, seq: number): boolean {
  return [...detail.evidence.head, ...detail.evidence.tail].some((line) => line.seq === seq);
}

export function Evidence({ detail, cited, scope }: { detail: FindingDetail; cited: Cited | null; scope: Scope }) {
  usePrefs();
  const { head, tail } = linesOf(detail);
  const between = detail.finding.total_occurrences - head.length - tail.length;
  useEffect(() => {
    if (!cited) return;
    const line = document.getElementById(idOf(cited.seq));
    line?.scrollIntoView({ block: "center", behavior: "smooth" });
    line?.focus({ preventScroll: true });
  }, [cited]);
  return (
    <Panel title="Evidence" actions={<span className="dim">{count(detail.finding.total_occurrences)} occurrences</span>}>
      <ol className="evidence" aria-label="Lines of evidence">
        {head.map((line) => (
          <EvidenceLine key={line.seq} line={line} cited={cited} scope={scope} />
        ))}
        {tail.length > 0 && between > 0 && <li className="evidence-gap dim">{count(between)} in between are not kept here</li>}
        {tail.map((line) => (
          <EvidenceLine key={line.seq} line={line} cited={cited} scope={scope} />
        ))}
      </ol>
    </Panel>
  );
}
