// Channels.tsx - who is told when a finding opens or ends
import { useState, type FormEvent } from "react";
import { read, write } from "../api/calls";
import { CHANNEL_KINDS, SEVERITIES, type Channel, type ChannelKind, type Severity } from "../api/types";
import { useAction, usePages } from "../api/use_query";
import { count } from "../lib/format";
import { usePlace } from "../lib/place";
import { useIsAdmin } from "../lib/session";
import { Ago, Button, CopyButton, Field, Panel, ScreenHead, Select, SeverityTag, Tag } from "../ui/basic";
import { Confirm } from "../ui/dialog";
import { Empty, ErrorBox, Loading } from "../ui/states";

const KINDS: readonly (readonly [ChannelKind, string])[] = CHANNEL_KINDS.map((kind) => [kind, kind] as const);
const LEAST: readonly (readonly [Severity, string])[] = SEVERITIES.map((one) => [one, `${one} and above`] as const);
const SECRET_HINTS: Record<ChannelKind, string> = {
  webhook: "The key that signs; siftd makes one when it is left empty.",
  slack: "A bearer token, where the address does not hold one.",
  alertmanager: "A bearer token, where one is needed.",
  pagerduty: "The routing key.",
  kafka: "None.",
};

function NewChannel({ projectPath, onMade }: { projectPath: string; onMade: (channel: Channel) => void }) {
  const [name, setName] = useState("");
  const [kind, setKind] = useState<ChannelKind>("webhook");
  const [url, setUrl] = useState("");
  const [secret, setSecret] = useState("");
  const [least, setLeast] = useState<Severity>("HIGH");
  const { busy, error, run } = useAction();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void run(async () => {
      const channel = { name, kind, severity_min: least, ...(url === "" ? {} : { url }), ...(secret === "" ? {} : { secret }) };
      onMade(await write.createChannel(projectPath, channel));
      setName("");
      setUrl("");
      setSecret("");
    });
  };
  return (
    <Panel title="New channel">
      <form className="panel-body stack" onSubmit={submit}>
        <ErrorBox error={error} />
        <Field label="Name" required maxLength={200} value={name} onChange={(event) => setName(event.target.value)} />
        <div className="filter-row">
          <Select label="Kind" value={kind} options={KINDS} onChange={setKind} />
          <Select label="Findings of" value={least} options={LEAST} onChange={setLeast} />
        </div>
        <Field
          label="Address"
          required={kind !== "pagerduty"}
          maxLength={2000}
          placeholder={kind === "kafka" ? "kafka:TOPIC" : "https://…"}
          value={url}
          error={error?.fields.get("url")}
          onChange={(event) => setUrl(event.target.value)}
        />
        <Field
          label="Secret"
          type="password"
          autoComplete="off"
          minLength={8}
          maxLength={2000}
          hint={SECRET_HINTS[kind]}
          value={secret}
          error={error?.fields.get("secret")}
          onChange={(event) => setSecret(event.target.value)}
        />
        <Button kind="main" type="submit" busy={busy}>
          Make channel
        </Button>
      </form>
    </Panel>
  );
}

function health(channel: Channel): [string, string] {
  if (channel.paused_until !== null) return ["bad", "failing"];
  if (channel.last_error !== null) return ["warn", "last one failed"];
  return channel.sent > 0 ? ["ok", "works"] : ["plain", "not used yet"];
}

interface RowProps {
  channel: Channel;
  isAdmin: boolean;
  busy: boolean;
  onTest: () => void;
  onDelete: () => void;
}

function ChannelRow({ channel, isAdmin, busy, onTest, onDelete }: RowProps) {
  const [kind, state] = health(channel);
  return (
    <tr>
      <td>
        {channel.name} <div className="dim mono">{channel.kind} {channel.server}</div>
        {channel.last_error !== null && <div className="field-error">{channel.last_error}</div>}
      </td>
      <td className="nowrap">
        from <SeverityTag severity={channel.severity_min} />
      </td>
      <td>
        <Tag kind={kind}>{state}</Tag>
      </td>
      <td className="dim">
        {count(channel.sent)} sent, {count(channel.failed)} given up, {count(channel.waiting)} wait
        <div>
          last <Ago ts={channel.last_sent_at} />
        </div>
      </td>
      <td className="row-actions">
        {isAdmin && (
          <>
            <Button busy={busy} onClick={onTest}>
              Send a test
            </Button>
            <Button kind="quiet" onClick={onDelete} aria-label={`Delete ${channel.name}`}>
              Delete
            </Button>
          </>
        )}
      </td>
    </tr>
  );
}

export function Channels() {
  const { projectPath, org } = usePlace();
  const isAdmin = useIsAdmin(org);
  const pages = usePages(read.channels(projectPath));
  const [made, setMade] = useState<Channel | null>(null);
  const [doomed, setDoomed] = useState<Channel | null>(null);
  const { busy, error, run } = useAction();
  const test = (channel: Channel): void => {
    void run(async () => {
      await write.testChannel(projectPath, channel.id);
      // it is on its way; what became of it is told by the list a moment later
      setTimeout(pages.reload, 1500);
    });
  };
  const remove = async (channel: Channel): Promise<void> => {
    if (!(await run(() => write.deleteChannel(projectPath, channel.id)))) return;
    pages.change((items) => items.filter((one) => one.id !== channel.id));
    setDoomed(null);
  };
  return (
    <>
      <ScreenHead title="Channels" note="who is told when a finding opens or ends" />
      <ErrorBox error={error ?? pages.error} retry={pages.reload} />
      <div className="two-columns">
        <div className="column">
          {made?.secret !== undefined && (
            <Panel title={`The key that signs for “${made.name}”, shown this once`}>
              <div className="panel-body secret">
                <code>{made.secret}</code>
                <CopyButton text={made.secret} />
              </div>
            </Panel>
          )}
          {pages.loading && <Loading />}
          {!pages.loading && pages.items.length === 0 && !pages.error && <Empty title="No channels yet">
              Nobody is told when a finding opens. {isAdmin ? "Make one here: a webhook, Slack, Alertmanager, PagerDuty or a topic of Kafka." : "An admin of the organisation makes channels."}
            </Empty>}
          {pages.items.length > 0 && (
            <div className="panel table-wrap">
              <table className="data-table">
                <thead>
                  <tr>
                    <th scope="col">Channel</th>
                    <th scope="col">Told</th>
                    <th scope="col">State</th>
                    <th scope="col">Messages</th>
                    <th scope="col">
                      <span className="sr-only">Actions</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {pages.items.map((channel) => (
                    <ChannelRow key={channel.id} channel={channel} isAdmin={isAdmin} busy={busy} onTest={() => test(channel)} onDelete={() => setDoomed(channel)} />
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </div>
        {isAdmin && (
          <NewChannel
            projectPath={projectPath}
            onMade={(channel) => {
              setMade(channel);
              pages.reload();
            }}
          />
        )}
      </div>
      <Confirm open={doomed !== null} title="Delete this channel?" action="Delete it" busy={busy} onConfirm={() => doomed && void remove(doomed)} onClose={() => setDoomed(null)}>
        <p>
          <strong>{doomed?.name}</strong> is told nothing more.
        </p>
      </Confirm>
    </>
  );
}
