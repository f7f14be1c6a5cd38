// Groups.tsx - events by what they say, as a list of things to deal with
import { useEffect, useState, type FormEvent } from "react";
import { read, write } from "../api/calls";
import { LEVELS, type Group } from "../api/types";
import { useAction, usePages } from "../api/use_query";
import { usePlace } from "../lib/place";
import { navigate, useParams } from "../lib/router";
import { useSelection } from "../lib/use_selection";
import { Button, ScreenHead, Select } from "../ui/basic";
import { GroupRow, type Triage } from "../ui/group_row";
import { Empty, ErrorBox, Loading } from "../ui/states";

const SORTS = [
  ["count", "most events"],
  ["trend", "rising"],
  ["last_seen", "last seen"],
  ["first_seen", "newest"],
] as const;
const STATUSES = [
  ["", "any status"],
  ["open", "open"],
  ["regressed", "regressed"],
  ["resolved", "resolved"],
  ["muted", "muted"],
] as const;
const LEVEL_CHOICES = [["", "any level"], ...LEVELS.map((level) => [level, level] as const)] as const;

const known = <T extends string>(choices: readonly (readonly [T, string])[], value: string | null, otherwise: T): T =>
  choices.find(([one]) => one === value)?.[0] ?? otherwise;

function TextFilter({ name, label, kind }: { name: string; label: string; kind: "search" | "text" }) {
  const [params, change] = useParams();
  const current = params.get(name) ?? "";
  const [text, setText] = useState(current);
  useEffect(() => setText(current), [current]);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    change({ [name]: text });
  };
  return (
    <form onSubmit={submit} role={kind === "search" ? "search" : undefined} className={kind === "search" ? "search" : ""}>
      <input type={kind} aria-label={label} placeholder={label} value={text} onChange={(event) => setText(event.target.value)} onBlur={() => text !== current && change({ [name]: text })} />
    </form>
  );
}

export function Groups() {
  const { scope } = usePlace();
  const [params, change] = useParams();
  const sort = known(SORTS, params.get("sort"), "count");
  const status = known(STATUSES, params.get("status"), "");
  const level = known(LEVEL_CHOICES, params.get("level"), "");
  const q = params.get("q") ?? "";
  const service = params.get("service") ?? "";
  const pages = usePages(read.groups(scope, { sort, status, level, q, service, limit: 50 }));
  const { error, run } = useAction();
  const to = (group: Group): string => `${scope}/groups/${group.id}`;
  const triage = (group: Group, wanted: Triage): void => {
    void run(async () => {
      const changed = await write.setGroupStatus(scope, group.id, wanted);
      pages.change((items) => items.map((one) => (one.id === group.id ? { ...one, status: changed.status } : one)));
    });
  };
  const onChosen = (wanted: Triage) => (): void => {
    const group = pages.items[chosen];
    if (group) triage(group, wanted);
  };
  const open = (index: number): void => {
    const group = pages.items[index];
    if (group) navigate(to(group));
  };
  const [chosen] = useSelection(pages.items.length, open, { e: () => onChosen("resolved")(), m: () => onChosen("muted")() });
  const isFiltered = q !== "" || service !== "" || status !== "" || level !== "";
  return (
    <>
      <ScreenHead title="Groups" note="what the logs say, each thing once" />
      <div className="filters filter-row">
        <TextFilter name="q" label="part of the template" kind="search" />
        <TextFilter name="service" label="service" kind="text" />
        <Select label="Level" hideLabel value={level} options={LEVEL_CHOICES} onChange={(value) => change({ level: value })} />
        <Select label="Status" hideLabel value={status} options={STATUSES} onChange={(value) => change({ status: value })} />
        <Select label="Sort by" value={sort} options={SORTS} onChange={(value) => change({ sort: value })} />
      </div>
      <ErrorBox error={error ?? pages.error} retry={pages.reload} />
      {pages.loading && <Loading />}
      {!pages.loading && pages.items.length === 0 && !pages.error && (
        <Empty title="No groups">{isFiltered ? "None matches these filters." : "There are no events yet."}</Empty>
      )}
      <ol className="group-rows" aria-label="Groups">
        {pages.items.map((group, index) => (
          <GroupRow key={group.id} group={group} index={index} chosen={index === chosen} to={to(group)} onTriage={triage} />
        ))}
      </ol>
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
