/** A moment: relative in lists with the exact time on hover and focus, exact in details. */
import { Tooltip } from "@mantine/core";
import { useEffect, useState } from "react";
import { formatExact, formatRelative } from "@/lib/format";

const TICK_MS = 15_000;

export function useNow(everyMs = TICK_MS): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
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
    <Tooltip label={formatExact(value)}>
      <time dateTime={value}>{formatRelative(value, now)}</time>
    </Tooltip>
  );
}
