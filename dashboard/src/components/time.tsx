/** A moment: relative in lists with the exact time on hover and focus, exact in details. */
import { useSyncExternalStore } from "react";
import { formatExact, formatRelative } from "@/lib/format";

const TICK_MS = 15_000;
const BEHIND_MS = 500;

/** One timer for all that asks at the same pace: a list shows hundreds of moments. */
function makeClock(everyMs: number) {
  const listeners = new Set<() => void>();
  let now = Date.now();
  let timer: ReturnType<typeof setInterval> | undefined;
  const isBehind = () => Date.now() - now >= BEHIND_MS;
  const tick = () => {
    now = Date.now();
    for (const listener of listeners) listener();
  };
  const subscribe = (listener: () => void) => {
    if (listeners.size === 0) timer = setInterval(tick, everyMs);
    listeners.add(listener);
    if (isBehind()) tick(); // or what has just happened would seem to lie ahead
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) clearInterval(timer);
    };
  };
  const read = () => {
    if (listeners.size === 0 && isBehind()) now = Date.now();
    return now;
  };
  return { subscribe, read };
}

const clocks = new Map<number, ReturnType<typeof makeClock>>();

export function useNow(everyMs = TICK_MS): number {
  const clock = clocks.get(everyMs) ?? makeClock(everyMs);
  clocks.set(everyMs, clock);
  return useSyncExternalStore(clock.subscribe, clock.read);
}

interface TimeProps {
  value: string | null | undefined;
  exact?: boolean;
  never?: string;
}

export function Time({ value, exact = false, never = "Never" }: TimeProps) {
  const now = useNow();
  if (!value) return <span>{never}</span>;
  if (exact) return <time dateTime={value}>{formatExact(value)}</time>;
  return (
    <time dateTime={value} title={formatExact(value)}>
      {formatRelative(value, now)}
    </time>
  );
}
