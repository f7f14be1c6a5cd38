// use_query.ts - reads for components: one answer that may be asked again, or pages of a list
import { useCallback, useEffect, useRef, useState } from "react";
import { fetchGet, type Get } from "./calls";
import { ApiError } from "./client";
import type { Page } from "./types";

function errorOf(error: unknown): ApiError | null {
  if (error instanceof ApiError) return error;
  if (error instanceof DOMException && error.name === "AbortError") return null;
  return new ApiError(0, error instanceof Error ? error.message : "Something went wrong in the page.");
}

/** nobody answered, or the database was away: this passes */
const AGAIN_MS = 5000;
const isAway = (error: ApiError | null): boolean => error !== null && (error.status === 0 || error.status === 503);

/** Asks again by itself while siftd is away. */
function useAgain(error: ApiError | null, reload: () => void): void {
  useEffect(() => {
    if (!isAway(error)) return undefined;
    const timer = setTimeout(reload, AGAIN_MS);
    return () => clearTimeout(timer);
  }, [error, reload]);
}

export interface Query<T> {
  data: T | null;
  error: ApiError | null;
  loading: boolean;
  reload: () => void;
}

/** Asks when the path changes, every `everyMs` while the page is seen, and on reload(). */
export function useQuery<T>(call: Get<T> | null, everyMs = 0): Query<T> {
  const [state, setState] = useState<{ path: string | null; data: T | null; error: ApiError | null }>({
    path: null,
    data: null,
    error: null,
  });
  const [turn, setTurn] = useState(0);
  const path = call?.path ?? null;

  useEffect(() => {
    if (path === null) return undefined;
    const control = new AbortController();
    fetchGet<T>({ path }, control.signal).then(
      (data) => setState({ path, data, error: null }),
      (reason: unknown) => {
        const error = errorOf(reason);
        // what was shown stays, with the error above it
        if (error) setState((old) => ({ path, data: old.path === path ? old.data : null, error }));
      },
    );
    return () => control.abort();
  }, [path, turn]);

  useEffect(() => {
    if (everyMs === 0 || path === null) return undefined;
    const timer = setInterval(() => {
      if (!document.hidden) setTurn((n) => n + 1);
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs, path]);

  const reload = useCallback(() => setTurn((n) => n + 1), []);
  const current = state.path === path;
  useAgain(current ? state.error : null, reload);
  return {
    data: current ? state.data : null,
    error: current ? state.error : null,
    loading: path !== null && !(current && (state.data !== null || state.error !== null)),
    reload,
  };
}

export interface Pages<T> {
  items: T[];
  error: ApiError | null;
  /** of the first page */
  loading: boolean;
  loadingMore: boolean;
  hasMore: boolean;
  more: () => void;
  reload: () => void;
  /** changes what is shown, for an answer that has just come */
  change: (edit: (items: T[]) => T[]) => void;
}

interface PagesState<T> {
  path: string | null;
  items: T[];
  cursor: string | null;
  done: boolean;
  error: ApiError | null;
}

/** The pages of a list by its cursor, the next one on more(). */
export function usePages<T>(call: Get<Page<T>> | null): Pages<T> {
  const path = call?.path ?? null;
  const [state, setState] = useState<PagesState<T>>({ path: null, items: [], cursor: null, done: false, error: null });
  const [loadingMore, setLoadingMore] = useState(false);
  const [turn, setTurn] = useState(0);
  const control = useRef<AbortController | null>(null);

  useEffect(() => {
    if (path === null) return undefined;
    const mine = new AbortController();
    control.current = mine;
    setLoadingMore(false);
    fetchGet<Page<T>>({ path }, mine.signal).then(
      (page) => setState({ path, items: page.items, cursor: page.next_cursor, done: !page.has_more, error: null }),
      (reason: unknown) => {
        const error = errorOf(reason);
        if (error)
          setState((old) => (old.path === path ? { ...old, error } : { path, items: [], cursor: null, done: true, error }));
      },
    );
    return () => mine.abort();
  }, [path, turn]);

  const more = useCallback(() => {
    const { cursor, done } = state;
    if (path === null || state.path !== path || cursor === null || done || loadingMore) return;
    setLoadingMore(true);
    const next = `${path}${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(cursor)}`;
    fetchGet<Page<T>>({ path: next }, control.current?.signal).then(
      (page) => {
        setState((old) =>
          old.path === path
            ? { ...old, items: [...old.items, ...page.items], cursor: page.next_cursor, done: !page.has_more, error: null }
            : old,
        );
        setLoadingMore(false);
      },
      (reason: unknown) => {
        const error = errorOf(reason);
        if (!error) return;
        setState((old) => ({ ...old, error }));
        setLoadingMore(false);
      },
    );
  }, [path, state, loadingMore]);

  const reload = useCallback(() => setTurn((n) => n + 1), []);
  const change = useCallback((edit: (items: T[]) => T[]) => setState((old) => ({ ...old, items: edit(old.items) })), []);
  const current = state.path === path;
  // a next page that failed leaves what is there; it is asked for by scrolling
  useAgain(current && state.items.length === 0 ? state.error : null, reload);
  return {
    items: current ? state.items : [],
    error: current ? state.error : null,
    loading: path !== null && !current,
    loadingMore,
    hasMore: current && !state.done,
    more,
    reload,
    change,
  };
}

/** For buttons: runs an action, remembers that it runs and what went wrong. */
export function useAction(): { busy: boolean; error: ApiError | null; run: (action: () => Promise<unknown>) => Promise<boolean> } {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const run = useCallback(async (action: () => Promise<unknown>) => {
    setBusy(true);
    setError(null);
    try {
      await action();
      return true;
    } catch (reason) {
      setError(errorOf(reason));
      return false;
    } finally {
      setBusy(false);
    }
  }, []);
  return { busy, error, run };
}
