// finding_triage.tsx - what people decide about a finding
import { useState } from "react";
import { write, type Scope } from "../api/calls";
import type { FindingDetail } from "../api/types";
import { useAction } from "../api/use_query";
import { exact } from "../lib/format";
import { Button, Panel, Select } from "./basic";
import { ErrorBox } from "./states";

const MUTES = [
  ["3600", "for an hour"],
  ["28800", "for 8 hours"],
  ["604800", "for a week"],
  ["", "for good"],
] as const;

interface Props {
  detail: FindingDetail;
  scope: Scope;
  onChanged: () => void;
}

export function FindingTriage({ detail, scope, onChanged }: Props) {
  const { finding, triage } = detail;
  const { busy, error, run } = useAction();
  const [note, setNote] = useState(triage.note);
  const [span, setSpan] = useState<(typeof MUTES)[number][0]>("28800");
  const set = (status: string): void => {
    const until = status === "muted" && span !== "" ? { until: new Date(Date.now() + Number(span) * 1000).toISOString() } : {};
    void run(async () => {
      await write.setFindingStatus(scope, finding.id, { status, note, ...until });
      onChanged();
    });
  };
  const isDone = finding.status === "resolved" || finding.status === "muted";
  return (
    <Panel title="Decision">
      <div className="panel-body stack">
        <ErrorBox error={error} />
        <label className="label" htmlFor="note">
          Note
        </label>
        <textarea id="note" rows={2} maxLength={2000} value={note} onChange={(event) => setNote(event.target.value)} />
        {triage.by !== null && (
          <p className="hint">
            {triage.by}, {exact(triage.at)}
          </p>
        )}
        <div className="filter-row">
          {isDone ? (
            <Button kind="main" busy={busy} onClick={() => set("open")}>
              Reopen
            </Button>
          ) : (
            <>
              {finding.status !== "acknowledged" && (
                <Button busy={busy} onClick={() => set("acknowledged")}>
                  Acknowledge
                </Button>
              )}
              <Button kind="main" busy={busy} onClick={() => set("resolved")}>
                Resolve
              </Button>
              <Button busy={busy} onClick={() => set("muted")}>
                Mute
              </Button>
              <Select label="How long to mute it" hideLabel value={span} options={MUTES} onChange={setSpan} />
            </>
          )}
        </div>
      </div>
    </Panel>
  );
}
