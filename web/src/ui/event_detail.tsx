// event_detail.tsx - one event beside the list: raw text, attributes, and what stands around it
import { useEffect, useState, type ReactNode } from "react";
import { read, type Scope } from "../api/calls";
import type { EventDetail as Detail } from "../api/types";
import { useQuery } from "../api/use_query";
import type { ChangeFilter } from "../lib/event_filter";
import { exact } from "../lib/format";
import { Link } from "../lib/router";
import { Button, CopyButton, LevelTag } from "./basic";
import { EventRows } from "./event_rows";
import { Answer } from "./states";

interface Props {
  scope: Scope;
  seq: number;
  change: ChangeFilter;
  onClose: () => void;
}

const asText = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{children}</td>
    </tr>
  );
}

function Only({ what, onClick }: { what: string; onClick: () => void }) {
  return (
    <Button kind="quiet" onClick={onClick} title={`Only events with this ${what}`} aria-label={`Only this ${what}`}>
      only
    </Button>
  );
}

function Facts({ event, scope, change }: { event: Detail; scope: Scope; change: ChangeFilter }) {
  const { service, host, level, group } = event;
  return (
    <table className="facts">
      <tbody>
        <Row name="time">
          <span className="mono">{exact(event.ts)}</span>
        </Row>
        <Row name="received">
          <span className="mono">{exact(event.observed_ts)}</span>
        </Row>
        <Row name="level">
          <LevelTag level={level} /> {level !== null && <Only what="level" onClick={() => change({ levels: level })} />}
        </Row>
        <Row name="service">
          {service ?? <span className="dim">none</span>}{" "}
          <Only what="service" onClick={() => change({ service: service ?? "unknown" })} />
        </Row>
        {host !== null && (
          <Row name="host">
            {host} <Only what="host" onClick={() => change({ host })} />
          </Row>
        )}
        {group !== null && (
          <Row name="group">
            <Link to={`${scope}/groups/${group}`}>group {group}</Link> <Only what="group" onClick={() => change({ group: String(group) })} />
          </Row>
        )}
        <Row name="seq">
          <span className="mono">{event.seq}</span>
        </Row>
      </tbody>
    </table>
  );
}

function Attributes({ title, values }: { title: string; values: Record<string, unknown> }) {
  const entries = Object.entries(values);
  if (entries.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <table className="facts mono">
        <tbody>
          {entries.map(([name, value]) => (
            <Row key={name} name={name}>
              {asText(value)}
            </Row>
          ))}
        </tbody>
      </table>
    </>
  );
}

function Context({ scope, seq, onOpen }: { scope: Scope; seq: number; onOpen: (seq: number) => void }) {
  const [around, setAround] = useState(5);
  const query = useQuery(read.context(scope, seq, around));
  return (
    <>
      <h3>
        Around it{" "}
        <Button kind="quiet" onClick={() => setAround((n) => Math.min(200, n * 2))} disabled={around >= 200}>
          more
        </Button>
      </h3>
      <Answer query={query}>
        {(data) => <EventRows events={data.items} opened={seq} onOpen={(event) => onOpen(event.seq)} label="Events around it" />}
      </Answer>
    </>
  );
}

export function EventDetail({ scope, seq, change, onClose }: Props) {
  const query = useQuery(read.event(scope, seq));
  const [link, setLink] = useState("");
  useEffect(() => setLink(`${window.location.origin}${scope}/events?seq=${seq}`), [scope, seq]);
  return (
    <aside className="detail" aria-label="Event">
      <header className="panel-head">
        <h2>Event {seq}</h2>
        <CopyButton text={link} label="Copy link" />
        <Button kind="quiet" onClick={onClose} aria-label="Close the event">
          ✕
        </Button>
      </header>
      <Answer query={query}>
        {(event) => (
          <>
            <div className="raw-head">
              <h3>Raw</h3>
              <CopyButton text={event.raw} label="Copy raw" />
              <CopyButton text={JSON.stringify(event, null, 2)} label="Copy JSON" />
            </div>
            <pre className="raw" tabIndex={0} aria-label="Raw text of the event">
              {event.raw}
            </pre>
            <Facts event={event} scope={scope} change={change} />
            <Attributes title="Attributes" values={event.attributes} />
            <Context scope={scope} seq={seq} onOpen={(other) => change({ seq: String(other) })} />
            <Attributes title="How it was parsed" values={event.parse} />
          </>
        )}
      </Answer>
    </aside>
  );
}
