// Finding.tsx - one finding: its evidence beside what explains it
import { useEffect, useState } from "react";
import { read } from "../api/calls";
import type { Citation, FindingDetail } from "../api/types";
import { useQuery } from "../api/use_query";
import { count, exact, percent } from "../lib/format";
import { useKeys } from "../lib/keyboard";
import { usePlace } from "../lib/place";
import { usePrefs } from "../lib/prefs";
import { Link, navigate } from "../lib/router";
import { Panel, ScreenHead, SeverityTag, Tag } from "../ui/basic";
import { Evidence, hasEvidence, type Cited } from "../ui/evidence";
import { Explanation } from "../ui/explanation";
import { FindingTriage } from "../ui/finding_triage";
import { Answer } from "../ui/states";
import { FindingTag } from "./Findings";

/** A rule names its sources as "title, address". */
function Reference({ text }: { text: string }) {
  const found = /^(.*?)[,\s]*(https?:\/\/\S+)$/.exec(text);
  if (!found) return <p>{text}</p>;
  const [, title, address] = found;
  return (
    <p>
      <a href={address} title={address} rel="noreferrer noopener" target="_blank">
        {title || address}
      </a>
    </p>
  );
}

function RulePanel({ detail }: { detail: FindingDetail }) {
  const { rule, finding } = detail;
  return (
    <Panel title="Rule" actions={<span className="mono dim">{finding.rule}</span>}>
      <div className="panel-body stack">
        {rule === null && <p className="dim">There is no such rule any more.</p>}
        {rule?.description && <p>{rule.description}</p>}
        {rule !== null && rule.first_checks.length > 0 && (
          <>
            <h3>What to look at first</h3>
            <ul className="checks">
              {rule.first_checks.map((check) => (
                <li key={check}>{check}</li>
              ))}
            </ul>
          </>
        )}
        {rule?.references.map((reference) => (
          <Reference key={reference} text={reference} />
        ))}
      </div>
    </Panel>
  );
}

const asText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

function Facts({ detail }: { detail: FindingDetail }) {
  usePrefs();
  const { finding } = detail;
  const named = (names: string[]): string => names.filter((name) => name !== "").join(", ") || "none named";
  return (
    <Panel title="Facts">
      <table className="facts">
        <tbody>
          <tr>
            <th scope="row">first seen</th>
            <td className="mono">{exact(finding.first_seen)}</td>
          </tr>
          <tr>
            <th scope="row">last seen</th>
            <td className="mono">{exact(finding.last_seen)}</td>
          </tr>
          <tr>
            <th scope="row">services</th>
            <td>{named(finding.services)}</td>
          </tr>
          <tr>
            <th scope="row">hosts</th>
            <td>{named(finding.hosts)}</td>
          </tr>
          <tr>
            <th scope="row">confidence</th>
            <td>{percent(finding.confidence)}</td>
          </tr>
          {finding.key !== "" && (
            <tr>
              <th scope="row">key</th>
              <td className="mono">{finding.key}</td>
            </tr>
          )}
          {Object.entries(finding.window ?? {}).map(([name, value]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className="mono">{asText(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  );
}

/** All events of a time, whatever they say: what else happened then. */
const timeLink = (scope: string, one: { first_seen: string; last_seen: string }): string =>
  `${scope}/events?ts_from=${encodeURIComponent(one.first_seen)}&ts_to=${encodeURIComponent(one.last_seen)}`;

/** One of what was matched, told by a line: of the evidence, or else its last event. */
function Matched({ one, line, scope }: { one: FindingDetail["finding"]["matched_fingerprints"][number]; line: string | undefined; scope: string }) {
  const latest = useQuery(line === undefined ? read.events(scope, { fingerprint: one.fingerprint, limit: 1 }) : null);
  const text = line ?? latest.data?.items[0]?.message ?? `template ${one.fingerprint}`;
  return (
    <li>
      <span className="num">{count(one.count)}×</span>
      <Link className="mono clip" to={`${scope}/groups/${one.fingerprint}`} title={text}>
        {text}
      </Link>
      <Link className="dim" to={`${scope}/events?fingerprint=${one.fingerprint}`} aria-label={`events of template ${one.fingerprint}`}>
        events
      </Link>
    </li>
  );
}

/** What was matched, by what it says. */
function Groups({ detail, scope }: { detail: FindingDetail; scope: string }) {
  const { head, tail } = detail.evidence;
  const lines = [...head, ...tail];
  if (detail.finding.matched_fingerprints.length === 0) return null;
  return (
    <Panel title="What matched" actions={<span className="dim">by what it says</span>}>
      <ul className="brief">
        {detail.finding.matched_fingerprints.map((one) => (
          <Matched key={one.fingerprint} one={one} line={lines.find((line) => line.fingerprint === one.fingerprint)?.raw} scope={scope} />
        ))}
      </ul>
    </Panel>
  );
}

function Episodes({ detail, scope }: { detail: FindingDetail; scope: string }) {
  usePrefs();
  if (detail.episodes.length < 2) return null;
  return (
    <Panel title={`Episodes (${detail.finding.episodes})`}>
      <ul className="brief">
        {detail.episodes.map((one) => (
          <li key={one.id}>
            <span className="num">{count(one.total)}×</span>
            <Link className="mono" to={timeLink(scope, one)} title="All events of this time">
              {exact(one.first_seen)}
            </Link>
            <span className="dim mono">to {exact(one.last_seen)}</span>
            {one.active && <Tag kind="bad">going on</Tag>}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

export function Finding({ id }: { id: string }) {
  const { scope } = usePlace();
  const query = useQuery(read.finding(scope, id));
  const [cited, setCited] = useState<Cited | null>(null);
  useKeys({ Escape: () => navigate(`${scope}/findings`) });
  const title = query.data?.finding.title;
  useEffect(() => {
    if (title !== undefined) document.title = `${title} · siftd`;
  }, [title]);
  const cite = (citation: Citation): void => {
    if (query.data && !hasEvidence(query.data, citation.seq)) navigate(`${scope}/events?seq=${citation.seq}`);
    else setCited((old) => ({ ...citation, turn: (old?.turn ?? 0) + 1 }));
  };
  return (
    <Answer query={query}>
      {(detail) => (
        <>
          <ScreenHead title={detail.finding.title}>
            <SeverityTag severity={detail.finding.severity} />
            <FindingTag status={detail.finding.status} />
            {detail.finding.active && <Tag kind="bad">going on</Tag>}
            <Link className="button" to={timeLink(scope, detail.episodes[0] ?? detail.finding)} title="All events between the first and the last line of its latest episode">
              Events of that time
            </Link>
          </ScreenHead>
          <div className="two-columns">
            <div className="column">
              <Evidence detail={detail} cited={cited} scope={scope} />
              <Episodes detail={detail} scope={scope} />
            </div>
            <div className="column stays">
              <Explanation scope={scope} kind="finding" id={detail.finding.id} content={detail.insight} onCite={cite} />
              <RulePanel detail={detail} />
              <FindingTriage key={detail.finding.status} detail={detail} scope={scope} onChanged={query.reload} />
              <Groups detail={detail} scope={scope} />
              <Facts detail={detail} />
            </div>
          </div>
        </>
      )}
    </Answer>
  );
}
