// group_panels.tsx - the parts of a group's screen: variables, neighbours, members, why
import type { Scope } from "../api/calls";
import type { GroupDetail } from "../api/types";
import { compact, count, percent } from "../lib/format";
import { Link } from "../lib/router";
import { Ago, Button, Panel, Tag } from "./basic";
import { ShareBar } from "./charts";
import { Template } from "./template";

export function Variables({ detail }: { detail: GroupDetail }) {
  if (detail.variables.length === 0) return null;
  return (
    <Panel title="Values of its variables" actions={<span className="dim">estimated from some of the messages</span>}>
      <div className="variables">
        {detail.variables.map((variable) => {
          const max = Math.max(1, ...variable.top.map((one) => one.count));
          return (
            <section key={variable.name}>
              <h3>
                <span className="variable">{variable.name}</span> {variable.type !== variable.name && variable.type}
              </h3>
              <ul className="bars">
                {variable.top.map((one) => (
                  <li key={one.value}>
                    <span className="mono clip" title={one.value}>
                      {one.value}
                    </span>
                    <ShareBar part={one.count / max} />
                    <span className="num">{compact(one.count)}</span>
                  </li>
                ))}
                {variable.others > 0 && (
                  <li className="dim">
                    <span>other values</span>
                    <span />
                    <span className="num">{compact(variable.others)}</span>
                  </li>
                )}
              </ul>
            </section>
          );
        })}
      </div>
    </Panel>
  );
}

export function Neighbours({ detail, scope }: { detail: GroupDetail; scope: Scope }) {
  if (detail.co_occurring.length === 0) return null;
  return (
    <Panel title="Seen in the same minutes">
      <ul className="brief">
        {detail.co_occurring.map((one) => (
          <li key={one.id}>
            <span className="num">{percent(one.overlap)}</span>
            <Link className="mono clip" to={`${scope}/groups/${one.id}`} title={one.template}>
              <Template text={one.template} />
            </Link>
            <span className="dim nowrap">{one.minutes} min</span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

export function Members({ detail }: { detail: GroupDetail }) {
  return (
    <Panel title={`Templates in this group (${detail.members.length})`}>
      <div className="table-wrap">
        <table className="data-table">
          <thead>
            <tr>
              <th className="num">Events</th>
              <th>Template</th>
              <th>Why it is here</th>
            </tr>
          </thead>
          <tbody>
            {detail.members.map((one) => (
              <tr key={one.fingerprint}>
                <td className="num">{count(one.count)}</td>
                <td className="mono">
                  <Template text={one.template} />
                </td>
                <td className="dim">{one.reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

export function Decisions({ detail, onUndo, busy }: { detail: GroupDetail; onUndo: (id: number) => void; busy: boolean }) {
  const decisions = detail.why.filter((one) => one.what !== "template");
  if (decisions.length === 0) return null;
  return (
    <Panel title="Merges and splits">
      <ul className="brief">
        {decisions.map((one) => (
          <li key={one.id}>
            <Tag>{one.what}</Tag>
            <span>
              {one.reason} <span className="dim">by {one.by}</span>
            </span>
            <Ago ts={one.at} />
            {one.undone ? (
              <Tag>undone</Tag>
            ) : (
              <Button busy={busy} onClick={() => one.id !== null && onUndo(one.id)}>
                Undo
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
