// Rules.tsx - the rules of a project, and a box to try one before it is kept
import { useEffect, useState } from "react";
import { fetchGet, read, write } from "../api/calls";
import type { Backtest, Rule, RuleTrial } from "../api/types";
import { useAction, useQuery } from "../api/use_query";
import { percent } from "../lib/format";
import { usePlace } from "../lib/place";
import { Link, useParams } from "../lib/router";
import { useIsAdmin } from "../lib/session";
import { Button, Panel, ScreenHead, SeverityTag, Tag } from "../ui/basic";
import { Confirm } from "../ui/dialog";
import { BacktestResult, TrialResult } from "../ui/rule_trial";
import { Answer, ErrorBox } from "../ui/states";

const EXAMPLE = `id: checkout_slow
title: Checkout answers slowly
severity: MED
confidence: 0.7
match:
  message: { words: [checkout took] }
window: { type: threshold, count: 3, within: 1m }
tests:
  should: ['2026-06-01T00:00:00Z WARN checkout took 9120 ms']
  should_not: ['2026-06-01T00:00:00Z INFO checkout done']
`;

const EXAMPLE_LINES = `2026-06-01T00:00:00Z WARN checkout took 9120 ms
2026-06-01T00:00:11Z WARN checkout took 7344 ms
2026-06-01T00:00:12Z INFO checkout done
2026-06-01T00:00:25Z WARN checkout took 8800 ms
`;

interface BoxProps {
  projectPath: string;
  /** the own rule that is changed; null: a new one */
  edited: Rule | null;
  isAdmin: boolean;
  onSaved: () => void;
}

function Workshop({ projectPath, edited, isAdmin, onSaved }: BoxProps) {
  const [source, setSource] = useState(edited?.source ?? EXAMPLE);
  const [text, setText] = useState(EXAMPLE_LINES);
  const [trial, setTrial] = useState<RuleTrial | null>(null);
  const [backtest, setBacktest] = useState<Backtest | null>(null);
  const { busy, error, run } = useAction();
  useEffect(() => setSource(edited?.source ?? EXAMPLE), [edited]);
  const attempt = (action: () => Promise<void>): void => {
    setTrial(null);
    setBacktest(null);
    void run(action);
  };
  return (
    <Panel title={edited ? `Change ${edited.id}` : "New rule"}>
      <div className="panel-body stack">
        <ErrorBox error={error} />
        <label className="stack">
          <span className="label">Rule, one YAML document</span>
          <textarea name="source" rows={12} spellCheck={false} value={source} onChange={(event) => setSource(event.target.value)} />
        </label>
        <label className="stack">
          <span className="label">Lines to try it on</span>
          <textarea name="lines" rows={6} spellCheck={false} value={text} onChange={(event) => setText(event.target.value)} />
        </label>
        <div className="filter-row">
          <Button busy={busy} disabled={text === ""} onClick={() => attempt(async () => setTrial(await write.testRule(projectPath, source, text)))}>
            Try on these lines
          </Button>
          <Button busy={busy} onClick={() => attempt(async () => setBacktest(await write.backtest(projectPath, { source })))}>
            Try on stored events
          </Button>
          {isAdmin && (
            <Button
              kind="main"
              busy={busy}
              onClick={() =>
                attempt(async () => {
                  await (edited ? write.replaceRule(projectPath, edited.id, source) : write.createRule(projectPath, source));
                  onSaved();
                })
              }
            >
              {edited ? "Replace the rule" : "Add the rule"}
            </Button>
          )}
        </div>
        {trial && <TrialResult trial={trial} />}
        {backtest && <BacktestResult result={backtest} />}
      </div>
    </Panel>
  );
}

function RuleRow({ rule, isAdmin, findings, onEdit, onDelete }: { rule: Rule; isAdmin: boolean; findings: string; onEdit: () => void; onDelete: () => void }) {
  return (
    <tr>
      <td>
        <SeverityTag severity={rule.severity} />
      </td>
      <td>
        {rule.title} <div className="mono dim">{rule.id}</div>
      </td>
      <td className="mono dim">{rule.window ?? "each match"}</td>
      <td className="num dim">{percent(rule.confidence)}</td>
      <td>{rule.origin === "project" ? <Tag kind="new">own</Tag> : <Tag>shipped</Tag>}</td>
      <td className="row-actions">
        <Link className="button quiet" to={findings} aria-label={`Findings of ${rule.id}`}>
          Findings
        </Link>
        {isAdmin && rule.origin === "project" && (
          <>
            <Button kind="quiet" onClick={onEdit} aria-label={`Change ${rule.id}`}>
              Change
            </Button>
            <Button kind="quiet" onClick={onDelete} aria-label={`Delete ${rule.id}`}>
              Delete
            </Button>
          </>
        )}
      </td>
    </tr>
  );
}

export function Rules() {
  const { projectPath, org } = usePlace();
  const isAdmin = useIsAdmin(org);
  const [params, change] = useParams();
  const q = (params.get("q") ?? "").toLowerCase();
  const query = useQuery(read.rules(projectPath));
  const [edited, setEdited] = useState<Rule | null>(null);
  const [doomed, setDoomed] = useState<Rule | null>(null);
  const { busy, error, run } = useAction();
  const edit = (rule: Rule): void => void run(async () => setEdited(await fetchGet(read.rule(projectPath, rule.id))));
  const remove = async (rule: Rule): Promise<void> => {
    if (!(await run(() => write.deleteRule(projectPath, rule.id)))) return;
    setDoomed(null);
    query.reload();
  };
  const isSeen = (rule: Rule): boolean => q === "" || `${rule.id} ${rule.title}`.toLowerCase().includes(q);
  return (
    <>
      <ScreenHead title="Rules" note="a rule that is added judges new events within seconds">
        {edited && <Button onClick={() => setEdited(null)}>New rule</Button>}
      </ScreenHead>
      <ErrorBox error={error} />
      <div className="two-columns">
        <div className="column">
          <input
            type="search"
            aria-label="Find a rule"
            placeholder="find a rule"
            value={params.get("q") ?? ""}
            onChange={(event) => change({ q: event.target.value }, "replace")}
          />
          <Answer query={query}>
            {(data) => (
              <div className="panel table-wrap">
                <table className="data-table">
                  <thead>
                    <tr>
                      <th scope="col">Severity</th>
                      <th scope="col">Rule</th>
                      <th scope="col">Window</th>
                      <th scope="col" className="num">Sure</th>
                      <th scope="col">From</th>
                      <th scope="col">
                        <span className="sr-only">Actions</span>
                      </th>
                    </tr>
                  </thead>
                  <tbody>
                    {data.items.filter(isSeen).map((rule) => (
                      <RuleRow
                        key={rule.id}
                        rule={rule}
                        isAdmin={isAdmin}
                        findings={`${projectPath}/findings?rule=${encodeURIComponent(rule.id)}`}
                        onEdit={() => edit(rule)}
                        onDelete={() => setDoomed(rule)}
                      />
                    ))}
                  </tbody>
                </table>
              </div>
            )}
          </Answer>
        </div>
        <div className="column">
          <Workshop
            projectPath={projectPath}
            edited={edited}
            isAdmin={isAdmin}
            onSaved={() => {
              setEdited(null);
              query.reload();
            }}
          />
        </div>
      </div>
      <Confirm open={doomed !== null} title="Delete this rule?" action="Delete it" busy={busy} onConfirm={() => doomed && void remove(doomed)} onClose={() => setDoomed(null)}>
        <p>
          <strong>{doomed?.title}</strong> judges no more events; its findings stay.
        </p>
      </Confirm>
    </>
  );
}
