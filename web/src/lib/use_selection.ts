// use_selection.ts - j and k through the rows of a list
import { useEffect, useState } from "react";
import { focusSearch, useKeys, type KeyMap } from "./keyboard";

/** The row that is chosen, or -1. Rows carry data-row with their number, so that they can be scrolled to. */
export function useSelection(length: number, open: (index: number) => void, more: KeyMap = {}): [number, (index: number) => void] {
  const [chosen, setChosen] = useState(-1);
  const at = Math.min(chosen, length - 1);
  const go = (step: number) => (): void => setChosen(Math.max(0, Math.min(length - 1, at + step)));
  useKeys({
    j: go(1),
    k: go(-1),
    Enter: () => {
      if (at >= 0) open(at);
    },
    "/": focusSearch,
    ...more,
  });
  useEffect(() => {
    if (at >= 0) document.querySelector(`[data-row="${at}"]`)?.scrollIntoView({ block: "nearest" });
  }, [at]);
  return [at, setChosen];
}
