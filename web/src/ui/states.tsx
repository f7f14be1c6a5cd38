// states.tsx - what a screen shows while it waits, when nothing is there, and when something failed
import type { ReactNode } from "react";
import type { ApiError } from "../api/client";
import type { Query } from "../api/use_query";
import { Button } from "./basic";

export function Loading({ what = "Loading" }: { what?: string }) {
  return (
    <div className="state" role="status">
      <span className="spinner" aria-hidden="true" />
      {what}…
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="state empty">
      <strong>{title}</strong>
      {children !== undefined && <div>{children}</div>}
    </div>
  );
}

const TITLES: Record<number, string> = {
  0: "No connection",
  400: "Not understood",
  403: "Not allowed",
  404: "Not found",
  413: "Too large",
  429: "Too many requests",
};

const titleOf = (status: number): string => TITLES[status] ?? (status >= 500 ? "siftd could not answer" : "Not done");

/** Asking the same again is of use only when something else may change. */
const mayChange = (status: number): boolean => status === 0 || status === 409 || status === 429 || status >= 500;

export function ErrorBox({ error, retry }: { error: ApiError | null; retry?: () => void }) {
  if (!error) return null;
  return (
    <div className="error-box" role="alert">
      <div>
        <strong>{titleOf(error.status)}</strong>
        <div>{error.message}</div>
        {error.requestId !== null && <div className="dim mono">request {error.requestId}</div>}
      </div>
      {retry && mayChange(error.status) && (
        <Button onClick={retry} kind="plain">
          Try again
        </Button>
      )}
    </div>
  );
}

/** The three states of a query around what is shown when it has an answer. */
export function Answer<T>({ query, what, children }: { query: Query<T>; what?: string; children: (data: T) => ReactNode }) {
  return (
    <>
      <ErrorBox error={query.error} retry={query.reload} />
      {query.loading && <Loading {...(what === undefined ? {} : { what })} />}
      {query.data !== null && children(query.data)}
    </>
  );
}
