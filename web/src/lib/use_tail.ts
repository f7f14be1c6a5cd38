// use_tail.ts - events as they are committed, by server-sent events, held back while paused
import { useCallback, useEffect, useRef, useState } from "react";
import type { Event } from "../api/types";

/** rows that are kept, on the screen and held back alike; older ones are a search away */
const ROWS_MAX = 1000;
/** many events come at once: the screen is drawn at most this often */
const DRAW_MS = 150;

export interface Tail {
  events: Event[];
  waiting: number;
  paused: boolean;
  /** open: it listens. retrying: the browser does. closed: siftd refused */
  state: "connecting" | "open" | "retrying" | "closed";
  setPaused: (paused: boolean) => void;
  reconnect: () => void;
}

export function useTail(url: string | null): Tail {
  const [events, setEvents] = useState<Event[]>([]);
  const [waiting, setWaiting] = useState(0);
  const [paused, setPaused] = useState(false);
  const [state, setState] = useState<Tail["state"]>("connecting");
  const [turn, setTurn] = useState(0);
  const held = useRef<Event[]>([]);
  const isPaused = useRef(false);
  isPaused.current = paused;

  const draw = useCallback(() => {
    if (isPaused.current) {
      setWaiting(held.current.length);
      return;
    }
    if (held.current.length === 0) return;
    const fresh = held.current;
    held.current = [];
    setWaiting(0);
    setEvents((old) => [...fresh.reverse(), ...old].slice(0, ROWS_MAX));
  }, []);

  useEffect(() => {
    held.current = [];
    setEvents([]);
    setWaiting(0);
    if (url === null) return undefined;
    setState("connecting");
    const source = new EventSource(url);
    source.onopen = () => setState("open");
    source.onerror = () => setState(source.readyState === EventSource.CLOSED ? "closed" : "retrying");
    source.onmessage = (message: MessageEvent<string>) => {
      held.current.push(JSON.parse(message.data) as Event);
      if (held.current.length > ROWS_MAX) held.current.shift();
    };
    const timer = setInterval(draw, DRAW_MS);
    return () => {
      clearInterval(timer);
      source.close();
    };
  }, [url, turn, draw]);

  useEffect(draw, [paused, draw]);
  return { events, waiting, paused, state, setPaused, reconnect: () => setTurn((n) => n + 1) };
}
