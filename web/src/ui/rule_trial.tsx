// rule_trial.tsx - what a rule would have found: in a text, or among stored events
import type { Backtest, RuleTrial, TrialFinding } from "../api/types";
import { count, plural, stamp } from "../lib/format";
import { SeverityTag, Tag } from "./basic";

function Findings({ findings }: { findings: TrialFinding[] }) {
  if (findings.length === 0) return null;
  return (
    <ul className="trial-findings">
      {findings.map((one) => (
        <li key={one.key}>
          <div className="filter-row">
            <SeverityTag severity={one.severity} />
            <strong>{one.key === "" ? "one finding" : one.key}</strong>
            <span>{plural(one.occurrences, "occurrence")}</span>
            {one.fires ? <Tag kind="bad">would fire</Tag> : <Tag>would not fire</Tag>}
          </div>
          <ol className="mono">
            {one.evidence.map((line, i) => (
              <li key={i} className="clip" title={line.raw}>
                <span className="dim">{line.seq ?? `line ${line.line ?? "?"}`}</span> <span className="dim">{stamp(line.ts)}</span> {line.raw}
              </li>
            ))}
          </ol>
        </li>
      ))}
    </ul>
  );
}

export function TrialResult({ trial }: { trial: RuleTrial }) {
  return (
    <div className="stack" role="status">
      <p>
        <strong>
          {count(trial.matching)} of {plural(trial.records, "record")}
        </strong>{" "}
        {trial.matching === 1 ? "matches" : "match"} <span className="mono">{trial.rule}</span>.
      </p>
      {trial.matches.length > 0 && (
        <ol className="trial-matches mono">
          {trial.matches.map((match) => (
            <li key={match.line} className="clip" title={match.text}>
              <span className="dim">{match.line}</span> {match.text}
            </li>
          ))}
        </ol>
      )}
      <Findings findings={trial.findings} />
    </div>
  );
}

export function BacktestResult({ result }: { result: Backtest }) {
  return (
    <div className="stack" role="status">
      <p>
        <strong>{plural(result.firing, "finding")}</strong>: {count(result.matching)} of {count(result.events)} events that were read match, in{" "}
        {result.seconds.toFixed(2)} s.
        {!result.complete && <Tag kind="warn">only a part was read: {result.cut_by}</Tag>}
      </p>
      <Findings findings={result.findings} />
    </div>
  );
}
