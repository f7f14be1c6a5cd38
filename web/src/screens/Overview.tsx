// Overview.tsx - what is going on: totals, the run of events, levels, services, top groups, findings
import { useEffect, useMemo, useState } from "react";
import { read } from "../api/calls";
import type { FindingBrief, GroupBrief, Overview as Data, Severity } from "../api/types";
import { SEVERITIES } from "../api/types";
import { useQuery } from "../api/use_query";
import { bytes, compact, count, exact, minute, percent, zoneName } from "../lib/format";
import { usePlace } from "../lib/place";
import { usePrefs } from "../lib/prefs";
import { Link, navigate, useParams } from "../lib/router";
import { Ago, LevelTag, Panel, ScreenHead, Select, SeverityTag, levelClass } from "../ui/basic";
import { levelEntries, ShareBar } from "../ui/charts";
import { Histogram } from "../ui/histogram";
import { Answer, Empty, ErrorBox } from "../ui/states";
import { Template } from "../ui/template";

const EVERY_MS = 15000;
/** while somebody waits for the first lines, or for the last ones of an ingestion */
const EVERY_SOON_MS = 2000;

function Metric({ name, value, note, to }: { name: string; value: string; note?: string | undefined; to?: string }) {
  const inside = (
    <>
      <span className="metric-name">{name}</span>
      <span className="metric-value">{value}</span>
      <span className="metric-note">{note ?? "\u00a0"}</span>
    </>
  );
  return to === undefined ? <div className="metric">{inside}</div> : <Link className="metric" to={to}>{inside}</Link>;
}

function Metrics({ data, scope }: { data: Data; scope: string }) {
  usePrefs();
  const { stats } = data;
  const serious = data.findings.by_severity.CRIT + data.findings.by_severity.HIGH;
  const bad = (stats.levels["ERROR"] ?? 0) + (stats.levels["CRITICAL"] ?? 0);
  const { min_ts, max_ts } = stats.time_range;
  return (
    <div className="metrics">
      <Metric name="Events" value={compact(stats.total_events)} note={stats.total_events < 10000 ? "stored" : count(stats.total_events)} to={`${scope}/events`} />
      <Metric
        name="Errors"
        value={compact(bad)}
        note={stats.total_events > 0 ? `${percent(bad / stats.total_events)} of all` : undefined}
        to={`${scope}/events?levels=ERROR,CRITICAL`}
      />
      <Metric name="Groups" value={compact(data.groups.count)} note="kinds of message" to={`${scope}/groups`} />
      <Metric
        name="Findings"
        value={compact(data.findings.count)}
        note={serious > 0 ? `${serious} high or critical` : "none is high"}
        to={`${scope}/findings`}
      />
      <Metric
        name={`Newest event, ${zoneName(max_ts)}`}
        value={max_ts === null ? "–" : minute(max_ts).slice(11)}
        note={max_ts === null ? "no timestamps" : min_ts === null || minute(min_ts).slice(0, 10) === minute(max_ts).slice(0, 10) ? minute(max_ts).slice(0, 10) : `${minute(min_ts).slice(0, 10)} to ${minute(max_ts).slice(0, 10)}`}
      />
    </div>
  );
}

function LevelsPanel({ data, scope }: { data: Data; scope: string }) {
  const total = Math.max(1, data.stats.total_events);
  return (
    <Panel title="Levels">
      <ul className="bars">
        {levelEntries(data.stats.levels).map(([level, n]) => (
          <li key={level} className={levelClass(level)}>
            {level === "none" ? (
              <span className="dim">no level</span>
            ) : (
              <Link to={`${scope}/events?levels=${level}`}>
                <LevelTag level={level} />
              </Link>
            )}
            <ShareBar part={n / total} />
            <span className="num">{count(n)}</span>
            <span className="num dim">{percent(n / total)}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function ServicesPanel({ data, scope }: { data: Data; scope: string }) {
  const max = Math.max(1, ...data.stats.services_top.map((one) => one.count));
  return (
    <Panel title="Services">
      <ul className="bars">
        {data.stats.services_top.map((one) => (
          <li key={one.service ?? ""}>
            <Link className="mono clip" to={`${scope}/events?service=${encodeURIComponent(one.service ?? "unknown")}`}>
              {one.service ?? <em>none named</em>}
            </Link>
            <ShareBar part={one.count / max} />
            <span className="num">{count(one.count)}</span>
            <span className="num dim">{percent(one.count / Math.max(1, data.stats.total_events))}</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function GroupRow({ group, scope }: { group: GroupBrief; scope: string }) {
  return (
    <li>
      <span className="num">{compact(group.count)}</span>
      <Link className="mono clip" to={`${scope}/groups/${group.id}`} title={group.template}>
        <Template text={group.template} />
      </Link>
      <span className="dim nowrap" title={exact(group.last_seen)}>
        <Ago ts={group.last_seen} />
      </span>
    </li>
  );
}

function FindingRow({ finding, scope }: { finding: FindingBrief; scope: string }) {
  return (
    <li>
      <SeverityTag severity={finding.severity} />
      <Link className="clip" to={`${scope}/findings/${finding.id}`}>
        {finding.title}
      </Link>
      <span className="num">{compact(finding.total_occurrences)}×</span>
      <span className="dim nowrap">
        <Ago ts={finding.last_seen} />
      </span>
    </li>
  );
}

function severityNote(by: Record<Severity, number>): string {
  return SEVERITIES.flatMap((one) => (by[one] > 0 ? [`${by[one]} ${one}`] : [])).join(" · ");
}

const SPANS = [
  ["", "all time"],
  ["3600", "last hour"],
  ["86400", "last day"],
  ["604800", "last week"],
] as const;

const beginOf = (span: string): string | undefined =>
  span === "" ? undefined : new Date(Date.now() - Number(span) * 1000).toISOString();

function Run({ scope, everyMs }: { scope: string; everyMs: number }) {
  const [params, change] = useParams();
  const span = SPANS.find(([one]) => one === params.get("span"))?.[0] ?? "";
  // from when it was chosen on: the address of a question must not change by itself
  const ts_from = useMemo(() => beginOf(span), [span]);
  const query = useQuery(read.histogram(scope, { buckets: 120, ts_from }), everyMs);
  return (
    <Panel title="Events over time" className="wide" actions={<Select label="Time span" hideLabel value={span} options={SPANS} onChange={(value) => change({ span: value }, "replace")} />}>
      <ErrorBox error={query.error} retry={query.reload} />
      {query.loading && <div className="histogram-empty" role="status">Counting…</div>}
      {query.data && (
        <Histogram
          data={query.data}
          onSelect={(from, to) => navigate(`${scope}/events?ts_from=${encodeURIComponent(from)}&ts_to=${encodeURIComponent(to)}`)}
        />
      )}
    </Panel>
  );
}

function Nothing({ projectPath }: { projectPath: string }) {
  return (
    <Empty title="No events yet">
      <p>
        <Link to={`${projectPath}/ingestions/new`}>Paste or upload some lines</Link> to see what siftd makes of them, or let a shipper send to it:{" "}
        <Link to={`${projectPath}/keys`}>API keys and settings</Link>.
      </p>
    </Empty>
  );
}

export function Overview() {
  const { scope, projectPath, ingestion } = usePlace();
  const [isSoon, setSoon] = useState(true);
  const everyMs = isSoon ? EVERY_SOON_MS : EVERY_MS;
  const query = useQuery(read.overview(scope), everyMs);
  const progress = useQuery(ingestion === null ? null : read.ingestion(projectPath, ingestion), everyMs).data;
  const isEmpty = query.data !== null && query.data.stats.total_events === 0;
  const isRead = progress !== null && (progress.status === "processing" || progress.status === "pending");
  useEffect(() => setSoon(isEmpty || isRead), [isEmpty, isRead]);
  return (
    <>
      <ScreenHead
        title="Overview"
        note={progress ? `${progress.name} · ${progress.source_type} · ${progress.status} · ${bytes(progress.progress.bytes)}` : undefined}
      />
      <Answer query={query}>
        {(data) =>
          data.stats.total_events === 0 ? (
            <Nothing projectPath={projectPath} />
          ) : (
            <div className="overview">
              <Metrics data={data} scope={scope} />
              <Run scope={scope} everyMs={everyMs} />
              <Panel title="Findings" actions={<span className="dim">{severityNote(data.findings.by_severity)}</span>}>
                {data.findings.top.length === 0 && <Empty title="Nothing found">No rule matched these events.</Empty>}
                <ul className="brief">
                  {data.findings.top.map((finding) => (
                    <FindingRow key={finding.id} finding={finding} scope={scope} />
                  ))}
                </ul>
              </Panel>
              <Panel title="Largest groups" actions={<Link to={`${scope}/groups`}>all {count(data.groups.count)}</Link>}>
                <ul className="brief">
                  {data.groups.top.map((group) => (
                    <GroupRow key={group.id} group={group} scope={scope} />
                  ))}
                </ul>
              </Panel>
              <LevelsPanel data={data} scope={scope} />
              <ServicesPanel data={data} scope={scope} />
            </div>
          )
        }
      </Answer>
    </>
  );
}
