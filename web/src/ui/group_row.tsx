// group_row.tsx - one group in the list: trend, weight, what it says, and what can be done with it
import type { Group } from "../api/types";
import { compact, exact, percent } from "../lib/format";
import { Link } from "../lib/router";
import { Ago, Button, Tag } from "./basic";
import { LevelBar, Sparkline } from "./charts";
import { Template } from "./template";

export type Triage = "open" | "resolved" | "muted";

interface Props {
  group: Group;
  index: number;
  chosen: boolean;
  to: string;
  onTriage: (group: Group, status: Triage) => void;
}

export function GroupMarks({ group }: { group: Pick<Group, "new" | "spiking" | "status"> }) {
  return (
    <>
      {group.new && <Tag kind="new" title="First seen a short while ago">new</Tag>}
      {group.spiking && <Tag kind="warn" title="Far more than is usual for it">spiking</Tag>}
      {group.status === "regressed" && <Tag kind="bad" title="It was resolved, and came back">regressed</Tag>}
      {group.status === "resolved" && <Tag kind="ok">resolved</Tag>}
      {group.status === "muted" && <Tag>muted</Tag>}
    </>
  );
}

function serviceText(group: Group): string {
  const named = group.services.flatMap((one) => (one.service === null ? [] : [one.service]));
  const more = named.length > 3 ? ` +${named.length - 3}` : "";
  return named.slice(0, 3).join(", ") + more;
}

export function GroupRow({ group, index, chosen, to, onTriage }: Props) {
  const isDone = group.status === "resolved" || group.status === "muted";
  return (
    <li className={chosen ? "group-row chosen" : "group-row"} data-row={index}>
      <Sparkline values={group.sparkline} label={`Trend of group ${group.id}`} />
      <div className="group-weight">
        <strong className="num">{compact(group.count)}</strong>
        <span className="dim num">{percent(group.share)}</span>
        <LevelBar levels={group.levels} />
      </div>
      <div className="group-text">
        <Link className="mono clip" to={to} title={group.template}>
          <Template text={group.template} />
        </Link>
        <div className="group-sample mono dim clip" title={group.latest.message}>
          {group.latest.message}
        </div>
      </div>
      <div className="group-marks">
        <GroupMarks group={group} />
        <span className="dim clip">{serviceText(group)}</span>
      </div>
      <div className="group-times dim">
        <span title={exact(group.last_seen)}>
          <Ago ts={group.last_seen} />
        </span>
        <span title={`first seen ${exact(group.first_seen)}`}>
          since <Ago ts={group.first_seen} />
        </span>
      </div>
      <div className="group-actions">
        {isDone ? (
          <Button onClick={() => onTriage(group, "open")}>Reopen</Button>
        ) : (
          <>
            <Button onClick={() => onTriage(group, "resolved")}>Resolve</Button>
            <Button kind="quiet" onClick={() => onTriage(group, "muted")}>
              Mute
            </Button>
          </>
        )}
      </div>
    </li>
  );
}
