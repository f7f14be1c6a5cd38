// event_rows.tsx - lines of a log, newest first or as they were written
import type { Event } from "../api/types";
import { exact, stamp, zoneName } from "../lib/format";
import { usePrefs } from "../lib/prefs";
import { levelClass, LevelTag } from "./basic";
import { Marked } from "./template";

interface Props {
  events: Event[];
  /** what is marked in the messages */
  find?: string;
  /** number of the row that the keys have chosen */
  chosen?: number;
  /** seq of the event that is opened */
  opened?: number | null;
  onOpen: (event: Event, index: number) => void;
  label: string;
}

export function EventRows({ events, find = "", chosen = -1, opened = null, onOpen, label }: Props) {
  usePrefs();
  if (events.length === 0) return null;
  return (
    <div className="event-list">
      <div className="event-head" aria-hidden="true">
        <span>Time, {zoneName(events[0]?.ts ?? null)}</span>
        <span>Level</span>
        <span className="event-service">Service</span>
        <span>Message</span>
      </div>
      <ol className="event-rows" aria-label={label}>
      {events.map((event, index) => (
        <li key={event.seq}>
          <button
            type="button"
            data-row={index}
            data-seq={event.seq}
            className={`event-row ${levelClass(event.level)} ${index === chosen ? "chosen" : ""}`}
            aria-current={event.seq === opened || undefined}
            onClick={() => onOpen(event, index)}
          >
            <span className="event-ts" title={exact(event.ts)}>
              {stamp(event.ts)}
            </span>
            <LevelTag level={event.level} />
            <span className="event-service" title={event.service ?? "no service"}>
              {event.service ?? "–"}
            </span>
            <span className="event-message">
              <Marked text={event.message} find={find} />
            </span>
          </button>
        </li>
      ))}
      </ol>
    </div>
  );
}
