/** The acts of the page in view, so that the command palette and single keys can do them too. */
import { useEffect, useSyncExternalStore } from "react";

export interface PageAct {
  label: string;
  run: () => void;
  /** A single key that does the act, outside of fields. */
  key?: string;
}

let acts: PageAct[] = [];
const listeners = new Set<() => void>();

function publish(next: PageAct[]): void {
  acts = next;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function currentPageActs(): PageAct[] {
  return acts;
}

export function usePageActs(own: PageAct[]): void {
  const signature = own.map((act) => act.label).join("|");
  useEffect(() => {
    publish(own);
    return () => publish([]);
    // The labels stand for the acts: each render makes new functions that do the same.
  }, [signature]);
}

export function useCurrentPageActs(): PageAct[] {
  return useSyncExternalStore(subscribe, currentPageActs);
}
