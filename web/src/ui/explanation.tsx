// explanation.tsx - what a language model said, each claim with the lines that it cites
import { useState } from "react";
import { read, write, type Scope } from "../api/calls";
import type { Citation, Claim, Insight, InsightContent } from "../api/types";
import { useAction, useQuery } from "../api/use_query";
import { percent } from "../lib/format";
import { Button, CopyButton, Panel, Tag } from "./basic";
import { ErrorBox, Loading } from "./states";

interface Props {
  scope: Scope;
  kind: "group" | "finding";
  id: number;
  content: InsightContent | null;
  /** shows the cited line */
  onCite: (citation: Citation) => void;
}

function ClaimText({ claim, onCite }: { claim: Claim; onCite: Props["onCite"] }) {
  return (
    <li>
      {claim.text}{" "}
      {claim.citations.map((citation) => (
        <button
          key={`${citation.seq}:${citation.quote}`}
          type="button"
          className="cite mono"
          title={`“${citation.quote}”`}
          aria-label={`Show the line of event ${citation.seq} that says: ${citation.quote}`}
          onClick={() => onCite(citation)}
        >
          {citation.seq}
        </button>
      ))}
      {claim.verified === false && (
        <Tag kind="bad" title="It cites nothing that stands in the evidence">
          not verified
        </Tag>
      )}
      {typeof claim.confidence === "number" && <span className="dim"> {claim.confidence}%</span>}
    </li>
  );
}

function Content({ content, onCite }: { content: InsightContent; onCite: Props["onCite"] }) {
  return (
    <div className="explanation">
      {content.sections.map((section) => (
        <section key={section.id}>
          <h3>{section.title}</h3>
          <ul>
            {section.claims.map((claim, i) => (
              <ClaimText key={i} claim={claim} onCite={onCite} />
            ))}
          </ul>
        </section>
      ))}
      <p className="hint">{percent(content.verified_share)} of the claims cite lines that say so. A model wrote this; the lines did not.</p>
    </div>
  );
}

const SETTINGS = `explain:
  url: http://127.0.0.1:11434/v1
  model: llama3.1
  # key_file: /etc/siftd/explain.key
`;

/** What to do when the configuration names no model. */
function HowTo() {
  return (
    <details className="stack">
      <summary>Explanations are off: no model is set up. How to set one up</summary>
      <p>Any endpoint that speaks as OpenAI's does will do, also one on this machine. Put this into siftd.yaml, with yours, and start siftd again:</p>
      <div className="raw-head">
        <span className="dim">siftd.yaml</span>
        <CopyButton text={SETTINGS} />
      </div>
      <pre className="raw settings" tabIndex={0} aria-label="Settings for explanations">
        {SETTINGS}
      </pre>
      <p className="hint">Secrets are taken out of the lines before any is sent, and every quote of the answer is checked against them.</p>
    </details>
  );
}

export function Explanation({ scope, kind, id, content, onCite }: Props) {
  const [made, setMade] = useState<Insight | null>(null);
  // one that was begun before, by somebody else perhaps
  const latest = useQuery(content ? null : read.insights(scope, kind, id));
  const { busy, error, run } = useAction();
  const insight = made ?? latest.data?.items[0] ?? null;
  const shown = made?.content ?? content ?? insight?.content ?? null;
  const explain = (): void => {
    void run(async () => {
      const answer = await write.explain(scope, kind, id, shown !== null);
      setMade(answer.insight);
    });
  };
  const isOff = !shown && latest.data?.can_explain === false;
  const words = shown ? "Explain anew" : insight?.status === "failed" ? "Try again" : "Explain";
  return (
    <Panel
      title="Explanation"
      actions={
        !isOff &&
        !latest.loading && (
          <Button busy={busy} onClick={explain}>
            {busy ? "Asking the model…" : words}
          </Button>
        )
      }
    >
      <div className="panel-body">
        <ErrorBox error={error} />
        {!shown && insight?.status === "failed" && <p className="field-error">It failed: {insight.error}</p>}
        {!shown && insight?.status === "pending" && <p>It is being made; ask again in a moment.</p>}
        {latest.loading ? (
          <Loading />
        ) : isOff ? (
          <HowTo />
        ) : shown ? (
          <Content content={shown} onCite={onCite} />
        ) : (
          <p className="hint">A language model explains it when you ask, from lines of which secrets were taken out. Every quote is checked against them.</p>
        )}
      </div>
    </Panel>
  );
}
