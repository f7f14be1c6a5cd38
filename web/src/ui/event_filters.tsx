// event_filters.tsx - the bar of filters above the events
import { useEffect, useId, useState, type FormEvent } from "react";
import { read, type Scope } from "../api/calls";
import { LEVELS } from "../api/types";
import { useQuery } from "../api/use_query";
import { levelsOf, noFilter, readTime, toParams, type ChangeFilter, type EventFilter } from "../lib/event_filter";
import { compact, zoneName } from "../lib/format";
import { usePrefs } from "../lib/prefs";
import { Button, levelClass, Select } from "./basic";

const SPANS = [
  ["", "all time"],
  ["900", "last 15 min"],
  ["3600", "last hour"],
  ["21600", "last 6 hours"],
  ["86400", "last day"],
  ["604800", "last week"],
] as const;

interface Props {
  scope: Scope;
  filter: EventFilter;
  change: ChangeFilter;
}

function Search({ filter, change }: Omit<Props, "scope">) {
  const [text, setText] = useState(filter.q ?? "");
  useEffect(() => setText(filter.q ?? ""), [filter.q]);
  const isRegex = filter.q_mode === "regex";
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    change({ q: text });
  };
  return (
    <form className="search" role="search" onSubmit={submit}>
      <input
        type="search"
        aria-label="Search in the raw text"
        placeholder={isRegex ? "regular expression" : "text in the line"}
        title={isRegex ? "A regular expression (PCRE2) on the raw text, in any case" : "A part of the raw text, in any case"}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <Button
        className={isRegex ? "pressed mono" : "mono"}
        aria-pressed={isRegex}
        title="Take the text as a regular expression"
        onClick={() => change({ q: text, q_mode: isRegex ? undefined : "regex" })}
      >
        .*
      </Button>
      <Button type="submit" kind="main">
        Search
      </Button>
    </form>
  );
}

function LevelToggles({ filter, change }: Omit<Props, "scope">) {
  const chosen = levelsOf(filter);
  const toggle = (level: string): void => {
    const next = chosen.includes(level) ? chosen.filter((one) => one !== level) : [...chosen, level];
    change({ levels: next.join(",") });
  };
  return (
    <div className="level-toggles" role="group" aria-label="Levels">
      {LEVELS.map((level) => (
        <button
          key={level}
          type="button"
          aria-pressed={chosen.includes(level)}
          className={`level-toggle ${levelClass(level)}`}
          onClick={() => toggle(level)}
        >
          {level}
        </button>
      ))}
    </div>
  );
}

/** A text field with what occurs most as suggestions; it counts when it is left or Enter is pressed. */
function Pick({ name, filter, change, scope }: Props & { name: "service" | "host" }) {
  const id = useId();
  const [text, setText] = useState(filter[name] ?? "");
  const [asked, setAsked] = useState(false);
  const others = { ...filter };
  delete others[name];
  const facets = useQuery(asked ? read.facets(scope, { ...toParams(others), fields: name, limit: 50 }) : null);
  useEffect(() => setText(filter[name] ?? ""), [filter, name]);
  const use = (value: string): void => {
    if (value !== (filter[name] ?? "")) change({ [name]: value });
  };
  return (
    <>
      <input
        className="pick mono"
        list={id}
        aria-label={name}
        placeholder={name}
        value={text}
        onFocus={() => setAsked(true)}
        onChange={(event) => {
          setText(event.target.value);
          // choosing a suggestion is no typing, nor is taking it all out
          if (event.target.value === "" || facets.data?.[name]?.some((one) => one.value === event.target.value)) use(event.target.value);
        }}
        onBlur={() => use(text)}
        onKeyDown={(event) => event.key === "Enter" && use(text)}
      />
      <datalist id={id}>
        {(facets.data?.[name] ?? []).map((one) => (
          <option key={one.value ?? ""} value={one.value ?? (name === "service" ? "unknown" : "")}>
            {compact(one.count)}
          </option>
        ))}
      </datalist>
    </>
  );
}

function TimeField({ name, filter, change }: Omit<Props, "scope"> & { name: "ts_from" | "ts_to" }) {
  const [text, setText] = useState(filter[name] ?? "");
  const [bad, setBad] = useState(false);
  usePrefs();
  useEffect(() => setText(filter[name] ?? ""), [filter, name]);
  const use = (): void => {
    const time = text === "" ? "" : readTime(text);
    setBad(time === null);
    if (time !== null && time !== (filter[name] ?? "")) change({ [name]: time });
  };
  return (
    <input
      className="time-field mono"
      aria-label={name === "ts_from" ? "From" : "To"}
      aria-invalid={bad || undefined}
      placeholder={`${name === "ts_from" ? "from" : "to"}, ${zoneName()}`}
      title={`A time such as 2026-06-01 12:00; without a zone of its own it is of ${zoneName()}`}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onBlur={use}
      onKeyDown={(event) => event.key === "Enter" && use()}
    />
  );
}

/** What no field shows, and a way out of all of it; always there, so that nothing below it moves. */
function Chips({ filter, change }: Omit<Props, "scope">) {
  const chips: [keyof EventFilter, string][] = [];
  if (filter.group) chips.push(["group", `group ${filter.group}`]);
  if (filter.fingerprint) chips.push(["fingerprint", `template ${filter.fingerprint}`]);
  return (
    <>
      {chips.map(([name, text]) => (
        <button key={name} type="button" className="chip mono" onClick={() => change({ [name]: undefined })} aria-label={`Without: ${text}`}>
          {text} <span aria-hidden="true">✕</span>
        </button>
      ))}
      <Button kind="quiet" disabled={Object.keys(filter).length === 0} onClick={() => change(noFilter)}>
        Clear all
      </Button>
    </>
  );
}

export function EventFilters(props: Props) {
  const { filter, change } = props;
  const span = (seconds: string): void =>
    change({
      ts_from: seconds === "" ? undefined : new Date(Date.now() - Number(seconds) * 1000).toISOString(),
      ts_to: undefined,
    });
  return (
    <div className="filters">
      <div className="filter-row">
        <Search filter={filter} change={change} />
        <LevelToggles filter={filter} change={change} />
      </div>
      <div className="filter-row">
        <Pick {...props} name="service" />
        <Pick {...props} name="host" />
        <Select
          label="Time span"
          hideLabel
          value={filter.ts_from || filter.ts_to ? "chosen" : ""}
          options={filter.ts_from || filter.ts_to ? ([["chosen", "chosen range"], ...SPANS] as const) : SPANS}
          onChange={(value) => value !== "chosen" && span(value)}
        />
        <TimeField name="ts_from" filter={filter} change={change} />
        <TimeField name="ts_to" filter={filter} change={change} />
        <Chips filter={filter} change={change} />
      </div>
    </div>
  );
}
