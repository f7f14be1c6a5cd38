// Sources.tsx - what the sources of this daemon do, and what became of all that they received
import { read } from "../api/calls";
import type { Ledger, Source } from "../api/types";
import { useQuery } from "../api/use_query";
import { bytes, count, duration } from "../lib/format";
import { Ago, Panel, ScreenHead, Tag } from "../ui/basic";
import { Answer, Empty } from "../ui/states";

const KINDS: Record<Source["state"], string> = { receiving: "ok", idle: "plain", failing: "bad" };
const EVERY_MS = 15000;

function LedgerTable({ ledger }: { ledger: Ledger }) {
  const dropped = Object.entries(ledger.dropped_bytes);
  const rows: [string, number][] = [
    ["= stored", ledger.stored_bytes],
    ["+ deduplicated", ledger.deduplicated_bytes],
    ["+ quarantined", ledger.quarantined_bytes],
    ...dropped.map(([reason, n]): [string, number] => [`+ dropped: ${reason}`, n]),
  ];
  return (
    <table className="facts">
      <caption className="sr-only">Ledger</caption>
      <tbody>
        <tr>
          <th scope="row">received</th>
          <td className="num">{count(ledger.received_bytes)} B</td>
          <td>
            {ledger.closed ? <Tag kind="ok" title="Every byte is accounted for">closed</Tag> : <Tag kind="warn" title="Some bytes are on their way">open</Tag>}
          </td>
        </tr>
        {rows.map(([name, n]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td className="num">{count(n)} B</td>
            <td className="dim">{name === "= stored" && `${count(ledger.stored_records)} records`}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Numbers({ title, values, digits }: { title: string; values: Record<string, number>; digits: number }) {
  const entries = Object.entries(values).filter(([, n]) => n !== 0);
  if (entries.length === 0) return null;
  return (
    <section>
      <h3>{title}</h3>
      <p className="mono">
        {entries.map(([name, n]) => (
          <span key={name} className="fact">
            {name} {digits === 0 ? count(n) : n.toFixed(digits)}
          </span>
        ))}
      </p>
    </section>
  );
}

function SourcePanel({ source }: { source: Source }) {
  const { lag, latency } = source;
  return (
    <Panel
      title={
        <>
          {source.name} <span className="dim">{source.type}</span>
        </>
      }
      actions={
        <>
          <span className="dim">{source.project}</span>
          <Tag kind={KINDS[source.state]}>{source.state}</Tag>
        </>
      }
    >
      <div className="two-columns panel-body">
        <LedgerTable ledger={source.ledger} />
        <div className="stack">
          <p>
            {lag.bytes !== undefined && <span className="fact">lag {bytes(lag.bytes)}</span>}
            {lag.frames !== undefined && source.type === "kafka" && <span className="fact">lag {count(lag.frames)} messages</span>}
            {latency !== undefined && latency.batches > 0 && <span className="fact">stored after {duration(latency.last_s)}</span>}
            <span className="dim">
              last commit <Ago ts={source.ledger.committed_at} />
            </span>
          </p>
          <Numbers title="A second, over the last minute" values={source.rates} digits={1} />
          <Numbers title="Since the daemon started" values={source.counters} digits={0} />
          {source.positions.length > 0 && (
            <details>
              <summary>Positions ({source.positions.length})</summary>
              <ul className="mono">
                {source.positions.map((one) => (
                  <li key={one.stream} className="clip" title={one.path ?? one.stream}>
                    {one.path ?? one.stream} @ {count(one.offset)}
                  </li>
                ))}
              </ul>
            </details>
          )}
        </div>
      </div>
    </Panel>
  );
}

export function Sources() {
  const query = useQuery(read.sources(), EVERY_MS);
  return (
    <>
      <ScreenHead title="Sources" note="received = stored + deduplicated + quarantined + dropped, for each of them" />
      <Answer query={query}>
        {(data) =>
          data.items.length === 0 ? (
            <Empty title="No sources">None is configured for your projects, and nothing was pushed.</Empty>
          ) : (
            <div className="column">
              {data.items.map((source) => (
                <SourcePanel key={`${source.name}/${source.type}/${source.project_id}`} source={source} />
              ))}
            </div>
          )
        }
      </Answer>
    </>
  );
}
