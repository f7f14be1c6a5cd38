// Audit.tsx - who did what
import { useState, type FormEvent } from "react";
import { read } from "../api/calls";
import { usePages } from "../api/use_query";
import { stamp, zoneName } from "../lib/format";
import { usePlace } from "../lib/place";
import { usePrefs } from "../lib/prefs";
import { useParams } from "../lib/router";
import { Button, ScreenHead } from "../ui/basic";
import { Empty, ErrorBox, Loading } from "../ui/states";

export function Audit() {
  usePrefs();
  const { org } = usePlace();
  const [params, change] = useParams();
  const [actor, setActor] = useState(params.get("actor") ?? "");
  const [action, setAction] = useState(params.get("action") ?? "");
  const pages = usePages(read.audit(org, { actor: params.get("actor") ?? "", action: params.get("action") ?? "" }));
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    change({ actor, action });
  };
  return (
    <>
      <ScreenHead title="Audit" note="newest first" />
      <form className="filters filter-row" role="search" onSubmit={submit}>
        <input type="search" aria-label="Actor" placeholder="actor, an e-mail address" value={actor} onChange={(event) => setActor(event.target.value)} />
        <input aria-label="Action" placeholder="action, as member or key.create" value={action} onChange={(event) => setAction(event.target.value)} />
        <Button type="submit">Filter</Button>
      </form>
      <ErrorBox error={pages.error} retry={pages.reload} />
      {pages.loading && <Loading />}
      {!pages.loading && pages.items.length === 0 && !pages.error && <Empty title="Nothing">{params.get("actor") || params.get("action") ? "Nobody did such a thing." : "What people change here is written down."}</Empty>}
      {pages.items.length > 0 && (
        <div className="panel table-wrap">
          <table className="data-table mono">
            <thead>
              <tr>
                <th scope="col">Time ({zoneName()})</th>
                <th scope="col">Actor</th>
                <th scope="col">Action</th>
                <th scope="col">Target</th>
                <th scope="col">Address</th>
              </tr>
            </thead>
            <tbody>
              {pages.items.map((row) => (
                <tr key={row.id} title={`request ${row.request_id}`}>
                  <td className="nowrap dim">{stamp(row.at)}</td>
                  <td>{row.actor}</td>
                  <td>{row.action}</td>
                  <td>{row.target}</td>
                  <td className="dim">{row.address}</td>
                </tr>
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
    </>
  );
}
