// Group.tsx - one group: how it runs, what varies in it, what goes with it, and its explanation
import { useEffect } from "react";
import { read, write } from "../api/calls";
import type { GroupDetail } from "../api/types";
import { useAction, useQuery } from "../api/use_query";
import { count, exact, percent } from "../lib/format";
import { useKeys } from "../lib/keyboard";
import { usePlace } from "../lib/place";
import { usePrefs } from "../lib/prefs";
import { Link, navigate } from "../lib/router";
import { Button, CopyButton, LevelTag, Panel, ScreenHead } from "../ui/basic";
import { levelEntries } from "../ui/charts";
import { Decisions, Members, Neighbours, Variables } from "../ui/group_panels";
import { Explanation } from "../ui/explanation";
import { GroupMarks, type Triage } from "../ui/group_row";
import { Histogram } from "../ui/histogram";
import { Answer, ErrorBox } from "../ui/states";
import { Template } from "../ui/template";

function Sample({ title, text, to }: { title: string; text: string; to?: string }) {
  return (
    <section>
      <div className="raw-head">
        <h3>{title}</h3>
        <CopyButton text={text} />
        {to !== undefined && <Link to={to}>open</Link>}
      </div>
      <pre className="raw" tabIndex={0} aria-label={title}>
        {text}
      </pre>
    </section>
  );
}

function Run({ scope, id }: { scope: string; id: number }) {
  const query = useQuery(read.histogram(scope, { group: id, buckets: 120 }));
  return (
    <Panel title="Events over time" actions={<Link to={`${scope}/events?group=${id}`}>all its events</Link>}>
      <ErrorBox error={query.error} retry={query.reload} />
      {query.loading && <div className="histogram-empty" role="status">Counting…</div>}
      {query.data && (
        <Histogram
          data={query.data}
          onSelect={(from, to) =>
            navigate(`${scope}/events?group=${id}&ts_from=${encodeURIComponent(from)}&ts_to=${encodeURIComponent(to)}`)
          }
        />
      )}
    </Panel>
  );
}

function Facts({ detail, scope }: { detail: GroupDetail; scope: string }) {
  usePrefs();
  const { group, breakdown } = detail;
  return (
    <Panel title="Facts">
      <table className="facts">
        <tbody>
          <tr>
            <th scope="row">events</th>
            <td>
              {count(group.count)} <span className="dim">{percent(group.share)} of all</span>
            </td>
          </tr>
          <tr>
            <th scope="row">first seen</th>
            <td className="mono">{exact(group.first_seen)}</td>
          </tr>
          <tr>
            <th scope="row">last seen</th>
            <td className="mono">{exact(group.last_seen)}</td>
          </tr>
          <tr>
            <th scope="row">levels</th>
            <td>
              {levelEntries(breakdown.levels).map(([level, n]) => (
                <span key={level} className="fact">
                  <LevelTag level={level} /> {count(n)}
                </span>
              ))}
            </td>
          </tr>
          <tr>
            <th scope="row">services</th>
            <td>
              {breakdown.services.map((one) => (
                <Link key={one.service ?? ""} className="fact" to={`${scope}/events?group=${group.id}&service=${encodeURIComponent(one.service ?? "unknown")}`}>
                  {one.service ?? "none"} {count(one.count)}
                </Link>
              ))}
            </td>
          </tr>
          <tr>
            <th scope="row">fingerprint</th>
            <td className="mono">{group.fingerprint}</td>
          </tr>
        </tbody>
      </table>
    </Panel>
  );
}

export function Group({ id }: { id: string }) {
  const { scope } = usePlace();
  const query = useQuery(read.group(scope, id));
  const { busy, error, run } = useAction();
  useKeys({ Escape: () => navigate(`${scope}/groups`) });
  const title = query.data?.group.template;
  useEffect(() => {
    if (title !== undefined) document.title = `${title} · siftd`;
  }, [title]);
  return (
    <Answer query={query}>
      {(detail) => {
        const { group } = detail;
        const isDone = group.status === "resolved" || group.status === "muted";
        const triage = (status: Triage): void => {
          void run(async () => {
            await write.setGroupStatus(scope, group.id, status);
            query.reload();
          });
        };
        return (
          <>
            <ScreenHead title={<Template text={group.template} />}>
              <GroupMarks group={group} />
              {isDone ? (
                <Button busy={busy} onClick={() => triage("open")}>
                  Reopen
                </Button>
              ) : (
                <>
                  <Button kind="main" busy={busy} onClick={() => triage("resolved")}>
                    Resolve
                  </Button>
                  <Button busy={busy} onClick={() => triage("muted")}>
                    Mute
                  </Button>
                </>
              )}
            </ScreenHead>
            <ErrorBox error={error} />
            <div className="two-columns">
              <div className="column">
                <Run scope={scope} id={group.id} />
                <Panel title="Samples">
                  <Sample title="Latest" text={group.latest.message} to={`${scope}/events?group=${group.id}&seq=${group.latest.seq}`} />
                  {group.sample !== null && <Sample title="First" text={group.sample} />}
                </Panel>
                <Variables detail={detail} />
                <Members detail={detail} />
              </div>
              <div className="column">
                <Explanation
                  scope={scope}
                  kind="group"
                  id={group.id}
                  content={detail.insight}
                  onCite={(citation) => navigate(`${scope}/events?group=${group.id}&seq=${citation.seq}`)}
                />
                <Facts detail={detail} scope={scope} />
                <Neighbours detail={detail} scope={scope} />
                <Decisions
                  detail={detail}
                  busy={busy}
                  onUndo={(merge) =>
                    void run(async () => {
                      await write.undoMerge(scope, merge);
                      query.reload();
                    })
                  }
                />
              </div>
            </div>
          </>
        );
      }}
    </Answer>
  );
}
