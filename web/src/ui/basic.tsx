// basic.tsx - the small parts that every screen uses
import { useId, useState, type ButtonHTMLAttributes, type InputHTMLAttributes, type ReactNode } from "react";
import { LEVELS, type Level, type Severity } from "../api/types";
import { ago, exact } from "../lib/format";
import { usePrefs } from "../lib/prefs";

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & { kind?: "plain" | "main" | "danger" | "quiet"; busy?: boolean };

export function Button({ kind = "plain", busy = false, disabled, className, children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={`button ${kind} ${className ?? ""}`}
      disabled={(disabled ?? false) || busy}
      aria-busy={busy || undefined}
      {...rest}
    >
      {children}
    </button>
  );
}

type FieldProps = InputHTMLAttributes<HTMLInputElement> & { label: string; hint?: ReactNode; error?: string | undefined };

export function Field({ label, hint, error, ...rest }: FieldProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} aria-invalid={error ? true : undefined} aria-describedby={`${id}-hint`} {...rest} />
      <div id={`${id}-hint`} className={error ? "field-error" : "hint"}>
        {error ?? hint}
      </div>
    </div>
  );
}

interface SelectProps<T extends string> {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
  hideLabel?: boolean;
}

export function Select<T extends string>({ label, value, options, onChange, hideLabel = false }: SelectProps<T>) {
  return (
    <label className="select">
      <span className={hideLabel ? "sr-only" : ""}>{label}</span>
      <select
        value={value}
        onChange={(event) => {
          const chosen = options.find(([one]) => one === event.target.value);
          if (chosen) onChange(chosen[0]);
        }}
      >
        {options.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

export const levelClass = (level: string | null): string => `level-${(level ?? "none").toLowerCase()}`;

export function LevelTag({ level }: { level: Level | string | null }) {
  return <span className={`level ${levelClass(level)}`}>{level === null || level === "none" ? "–" : level}</span>;
}

export const LEVEL_ORDER: readonly string[] = [...LEVELS].reverse();

export function SeverityTag({ severity }: { severity: Severity }) {
  return <span className={`severity severity-${severity.toLowerCase()}`}>{severity}</span>;
}

export function Tag({ kind = "plain", title, children }: { kind?: string; title?: string; children: ReactNode }) {
  return (
    <span className={`tag tag-${kind}`} title={title}>
      {children}
    </span>
  );
}

/** "3 min ago", and the exact time when it is pointed at. */
export function Ago({ ts }: { ts: string | null }) {
  usePrefs();
  if (ts === null) return <span className="dim">never</span>;
  return (
    <time dateTime={ts} title={exact(ts)}>
      {ago(ts)}
    </time>
  );
}

/** Without HTTPS a browser has no clipboard for pages: what is selected can be copied all the same. */
function copySelected(text: string): boolean {
  const area = document.createElement("textarea");
  const before = document.activeElement;
  area.value = text;
  area.className = "sr-only";
  // inside an open dialog nothing outside of it can be selected
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (before instanceof HTMLElement) before.focus();
  return done;
}

export function CopyButton({ text, label = "Copy" }: { text: string; label?: string }) {
  const [done, setDone] = useState<"" | "Copied" | "Not allowed">("");
  const copy = (): void => {
    const show = (word: "Copied" | "Not allowed"): void => {
      setDone(word);
      setTimeout(() => setDone(""), 1500);
    };
    if (!("clipboard" in navigator)) {
      show(copySelected(text) ? "Copied" : "Not allowed");
      return;
    }
    navigator.clipboard.writeText(text).then(
      () => show("Copied"),
      () => show("Not allowed"),
    );
  };
  return (
    <Button kind="quiet" onClick={copy}>
      <span aria-live="polite">{done || label}</span>
    </Button>
  );
}

export function Panel({ title, actions, children, className }: { title?: ReactNode; actions?: ReactNode; children: ReactNode; className?: string }) {
  return (
    <section className={`panel ${className ?? ""}`}>
      {title !== undefined && (
        <header className="panel-head">
          <h2>{title}</h2>
          {actions}
        </header>
      )}
      {children}
    </section>
  );
}

export function ScreenHead({ title, note, children }: { title: ReactNode; note?: ReactNode; children?: ReactNode }) {
  return (
    <div className="screen-head">
      <h1>{title}</h1>
      {note !== undefined && <span className="dim">{note}</span>}
      <div className="screen-actions">{children}</div>
    </div>
  );
}
