/** Reads a new page's title aloud. */
import { VisuallyHidden } from "@mantine/core";
import { useRouterState } from "@tanstack/react-router";
import { useEffect, useState } from "react";

const AFTER_PAINT_MS = 150;

export function RouteAnnouncer() {
  const path = useRouterState({ select: (state) => state.resolvedLocation?.pathname });
  const [title, setTitle] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setTitle(document.title), AFTER_PAINT_MS);
    return () => clearTimeout(timer);
  }, [path]);
  return (
    <VisuallyHidden aria-live="polite" aria-atomic>
      {title}
    </VisuallyHidden>
  );
}
