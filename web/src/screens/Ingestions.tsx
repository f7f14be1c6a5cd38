// Ingestions.tsx - where the events of a project came from
import { useEffect, useState, type FormEvent } from "react";
import { read, write } from "../api/calls";
import { INGESTION_STATUSES, SOURCE_TYPES, type Ingestion, type IngestionStatus, type SourceType } from "../api/types";
import { useAction, usePages } from "../api/use_query";
import { bytes, count } from "../lib/format";
import { usePlace } from "../lib/place";
import { Link, useParams } from "../lib/router";
import { Ago, Button, ScreenHead, Select, Tag } from "../ui/basic";
import { Confirm } from "../ui/dialog";
import { Empty, ErrorBox, Loading } from "../ui/states";

const STATUS_CHOICES: readonly (readonly [IngestionStatus | "", string])[] = [
  ["", "any status"],
  ...INGESTION_STATUSES.map((one) => [one, one] as const),
];
const TYPE_CHOICES: readonly (readonly [SourceType | "", string])[] = [
  ["", "any source"],
  ...SOURCE_TYPES.map((one) => [one, one] as const),
];
const KINDS: Record<IngestionStatus, string> = { pending: "plain", processing: "new", live: "ok", done: "plain", failed: "bad" };

function progressText(one: Ingestion): string {
  const { lines, stored_events, bytes: taken, stored_bytes } = one.progress;
  if (one.status !== "processing" || taken === 0) return `${count(stored_events)} events`;
  return `${count(stored_events)} events of ${count(lines)} lines, ${Math.floor((stored_bytes / taken) * 100)}%`;
}

function Row({ one, projectPath, onDelete }: { one: Ingestion; projectPath: string; onDelete: () => void }) {
  return (
    <tr>
      <td>
        <Link to={`${projectPath}/ingestions/${one.id}/overview`}>{one.name || `ingestion ${one.id}`}</Link>
        {one.source !== null && one.source !== one.name && <span className="dim"> {one.source}</span>}
      </td>
      <td>{one.source_type}</td>
      <td>
        <Tag kind={KINDS[one.status]}>{one.status}</Tag>
      </td>
      <td className="num">{progressText(one)}</td>
      <td className="num">{one.source === null ? bytes(one.progress.bytes) : <span className="dim" title="Sources count their bytes themselves: see Sources">–</span>}</td>
      <td className="nowrap dim">
        <Ago ts={one.updated_at} />
      </td>
      <td className="row-actions">
        <Link className="button quiet" to={`${projectPath}/ingestions/${one.id}/events`}>
          Events
        </Link>
        {one.source === null && (
          <Link className="button quiet" to={`${projectPath}/ingestions/new?into=${one.id}`}>
            Add lines
          </Link>
        )}
        <Button kind="quiet" onClick={onDelete} aria-label={`Delete ${one.name}`}>
          Delete
        </Button>
      </td>
    </tr>
  );
}

export function Ingestions() {
  const { projectPath } = usePlace();
  const [params, change] = useParams();
  const q = params.get("q") ?? "";
  const [text, setText] = useState(q);
  const [doomed, setDoomed] = useState<Ingestion | null>(null);
  const { busy, error, run } = useAction();
  const status = STATUS_CHOICES.find(([one]) => one === params.get("status"))?.[0] ?? "";
  const source = TYPE_CHOICES.find(([one]) => one === params.get("source_type"))?.[0] ?? "";
  const pages = usePages(read.ingestions(projectPath, { q, status, source_type: source }));
  const { reload } = pages;
  const isWorking = pages.items.some((one) => one.status === "processing" || one.status === "pending");
  useEffect(() => {
    if (!isWorking) return undefined;
    const timer = setInterval(reload, 2000);
    return () => clearInterval(timer);
  }, [isWorking, reload]);
  const search = (event: FormEvent): void => {
    event.preventDefault();
    change({ q: text });
  };
  const remove = async (one: Ingestion): Promise<void> => {
    if (!(await run(() => write.deleteIngestion(projectPath, one.id)))) return;
    pages.change((items) => items.filter((item) => item.id !== one.id));
    setDoomed(null);
  };
  return (
    <>
      <ScreenHead title="Ingestions" note="where the events came from">
        <Link className="button main" to={`${projectPath}/ingestions/new`}>
          New ingestion
        </Link>
      </ScreenHead>
      <form className="filters filter-row" role="search" onSubmit={search}>
        <input type="search" aria-label="Part of the name" placeholder="part of the name" value={text} onChange={(event) => setText(event.target.value)} />
        <Select label="Status" hideLabel value={status} options={STATUS_CHOICES} onChange={(value) => change({ status: value })} />
        <Select label="Source" hideLabel value={source} options={TYPE_CHOICES} onChange={(value) => change({ source_type: value })} />
      </form>
      <ErrorBox error={error ?? pages.error} retry={reload} />
      {pages.loading && <Loading />}
      {!pages.loading && pages.items.length === 0 && !pages.error && (
        <Empty title="No ingestions">
          {q !== "" || status !== "" || source !== "" ? (
            "None matches these filters."
          ) : (
            <>
              <Link to={`${projectPath}/ingestions/new`}>Paste or upload some lines</Link>, or let a shipper send them: <Link to={`${projectPath}/keys`}>API keys and settings</Link>.
            </>
          )}
        </Empty>
      )}
      {pages.items.length > 0 && (
        <div className="panel table-wrap">
          <table className="data-table">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">Source</th>
                <th scope="col">Status</th>
                <th scope="col" className="num">Stored</th>
                <th scope="col" className="num">Size</th>
                <th scope="col">Changed</th>
                <th scope="col">
                  <span className="sr-only">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {pages.items.map((one) => (
                <Row key={one.id} one={one} projectPath={projectPath} onDelete={() => setDoomed(one)} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {pages.hasMore && (
        <div className="more-rows">
          <Button busy={pages.loadingMore} onClick={pages.more}>
            More
          </Button>
        </div>
      )}
      <Confirm
        open={doomed !== null}
        title="Delete this ingestion?"
        action="Delete it with its events"
        busy={busy}
        onConfirm={() => doomed && void remove(doomed)}
        onClose={() => setDoomed(null)}
      >
        <p>
          <strong>{doomed?.name}</strong> and its {count(doomed?.progress.stored_events ?? 0)} events are removed for good.
        </p>
      </Confirm>
    </>
  );
}
