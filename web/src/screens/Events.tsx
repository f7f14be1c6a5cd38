// Events.tsx - search, histogram, list, live tail; all that is chosen stands in the address
import { useEffect, useRef } from "react";
import { addresses, read, type Scope } from "../api/calls";
import type { Histogram as Counts } from "../api/types";
import { usePages, useQuery, type Query } from "../api/use_query";
import { filterOf, toParams, type ChangeFilter, type EventFilter } from "../lib/event_filter";
import { count, plural } from "../lib/format";
import { usePlace } from "../lib/place";
import { Link, useParams } from "../lib/router";
import { useSelection } from "../lib/use_selection";
import { useTail } from "../lib/use_tail";
import { Button, ScreenHead, Select } from "../ui/basic";
import { EventDetail } from "../ui/event_detail";
import { EventFilters } from "../ui/event_filters";
import { EventRows } from "../ui/event_rows";
import { Histogram } from "../ui/histogram";
import { Empty, ErrorBox, Loading } from "../ui/states";

interface ListProps {
  scope: Scope;
  filter: EventFilter;
  change: ChangeFilter;
  opened: number | null;
}

/** Asks for the next page when its place comes into sight. */
function MoreRows({ onSeen, busy }: { onSeen: () => void; busy: boolean }) {
  const mark = useRef<HTMLDivElement>(null);
  const seen = useRef(onSeen);
  seen.current = onSeen;
  useEffect(() => {
    const watcher = new IntersectionObserver((entries) => entries.some((one) => one.isIntersecting) && seen.current(), { rootMargin: "400px" });
    if (mark.current) watcher.observe(mark.current);
    return () => watcher.disconnect();
  }, [busy]);
  return (
    <div ref={mark} className="more-rows">
      {busy ? <Loading what="Reading more" /> : <Button onClick={onSeen}>More</Button>}
    </div>
  );
}

function Stored({ scope, filter, change, opened, order }: ListProps & { order: "asc" | "desc" }) {
  const { projectPath } = usePlace();
  const pages = usePages(read.events(scope, { ...toParams(filter), order }));
  const open = (index: number): void => change({ seq: String(pages.items[index]?.seq ?? "") });
  const [chosen, choose] = useSelection(pages.items.length, open, { Escape: () => change({ seq: undefined }) });
  return (
    <>
      <ErrorBox error={pages.error} retry={pages.reload} />
      {pages.loading && <Loading what="Searching" />}
      {!pages.loading && pages.items.length === 0 && !pages.error && (
        <Empty title="No events">
          {Object.keys(filter).length > 0 ? (
            <>
              None matches these filters. <Link to={`${scope}/events`}>Clear all</Link>
            </>
          ) : (
            <>
              Nothing was received yet. <Link to={`${projectPath}/ingestions/new`}>Paste or upload some lines</Link>, or let a shipper send to it:{" "}
              <Link to={`${projectPath}/keys`}>API keys and settings</Link>.
            </>
          )}
        </Empty>
      )}
      <EventRows
        events={pages.items}
        find={filter.q_mode === "regex" ? "" : (filter.q ?? "")}
        chosen={chosen}
        opened={opened}
        onOpen={(_, index) => {
          choose(index);
          open(index);
        }}
        label="Events"
      />
      {pages.hasMore && pages.items.length > 0 && <MoreRows onSeen={pages.more} busy={pages.loadingMore} />}
    </>
  );
}

const TAIL_WORDS = {
  connecting: "connecting",
  open: "listening",
  retrying: "connection lost, trying again",
  closed: "siftd ended the tail",
};

function Live({ scope, filter, change, opened }: ListProps) {
  const tail = useTail(addresses.tail(scope, toParams(filter)));
  const open = (index: number): void => change({ seq: String(tail.events[index]?.seq ?? "") });
  const [chosen, choose] = useSelection(tail.events.length, open, {
    Escape: () => change({ seq: undefined }),
    p: () => tail.setPaused(!tail.paused),
  });
  return (
    <>
      <div className="tail-bar" role="status">
        <span className={`tail-light ${tail.paused ? "paused" : tail.state}`} aria-hidden="true" />
        {tail.paused ? `paused, ${count(tail.waiting)} wait` : TAIL_WORDS[tail.state]}
        <Button onClick={() => tail.setPaused(!tail.paused)}>{tail.paused ? "Go on" : "Pause"}</Button>
        {tail.state === "closed" && <Button onClick={tail.reconnect}>Connect again</Button>}
      </div>
      {tail.events.length === 0 && <Empty title="Waiting for new events">What is stored from now on appears here.</Empty>}
      <EventRows
        events={tail.events}
        find={filter.q_mode === "regex" ? "" : (filter.q ?? "")}
        chosen={chosen}
        opened={opened}
        onOpen={(_, index) => {
          choose(index);
          open(index);
        }}
        label="New events"
      />
    </>
  );
}

function Run({ query, change }: { query: Query<Counts>; change: ChangeFilter }) {
  // the list below tells the same of a filter that is wrong
  if (query.error && query.error.status > 0 && query.error.status < 500) return null;
  return (
    <div className="panel run">
      <ErrorBox error={query.error} retry={query.reload} />
      {query.loading && <div className="histogram-empty" role="status">Counting…</div>}
      {query.data && <Histogram data={query.data} onSelect={(from, to) => change({ ts_from: from, ts_to: to })} />}
    </div>
  );
}

const ORDERS = [
  ["desc", "last received first"],
  ["asc", "first received first"],
] as const;

export function Events() {
  const { scope } = usePlace();
  const [params, setParams] = useParams();
  const filter = filterOf(params);
  const live = params.get("live") === "1";
  const order = params.get("order") === "asc" ? "asc" : "desc";
  const seq = params.get("seq");
  const opened = seq !== null && /^\d+$/.test(seq) ? Number(seq) : null;
  // back closes the event that is open; going from one to the next is no journey to go back through
  const change: ChangeFilter = (some) => setParams(some, seq !== null && Object.keys(some).every((name) => name === "seq") ? "replace" : "push");
  const counts = useQuery(live ? null : read.histogram(scope, { ...toParams(filter), buckets: 120 }));
  const list = { scope, filter, change, opened };
  const download = (format: string): string => addresses.download(scope, { ...toParams(filter), order, format });
  return (
    <>
      <ScreenHead title="Events" note={counts.data ? (counts.data.total < 10000 ? plural(counts.data.total, "event") : `${count(counts.data.total)} events`) : undefined}>
        {!live && (
          <Select label="Order" hideLabel value={order} options={ORDERS} onChange={(value) => change({ order: value === "desc" ? undefined : value })} />
        )}
        <Button aria-pressed={live} className={live ? "pressed" : ""} onClick={() => change({ live: live ? undefined : "1" })}>
          Live tail
        </Button>
        <a className="button" href={download("ndjson")} download>
          NDJSON
        </a>
        <a className="button" href={download("csv")} download>
          CSV
        </a>
      </ScreenHead>
      <EventFilters scope={scope} filter={filter} change={change} />
      {!live && <Run query={counts} change={change} />}
      <div className={opened === null ? "split" : "split with-detail"}>
        <div className="split-list">{live ? <Live {...list} /> : <Stored {...list} order={order} />}</div>
        {opened !== null && <EventDetail key={opened} scope={scope} seq={opened} change={change} onClose={() => change({ seq: undefined })} />}
      </div>
    </>
  );
}
