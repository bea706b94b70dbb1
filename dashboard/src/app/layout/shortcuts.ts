/** Keys: Ctrl/⌘ K, `?`, `/`, `g` then a letter, and the page's own single keys. */
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import type { Session } from "@/lib/api-types";
import { currentPageActs } from "@/lib/page-acts";
import { areSingleKeysOn } from "@/lib/preferences";
import { visiblePlaces } from "../navigation";

const SECOND_KEY_MS = 1200;
const FIELDS = "input, textarea, select, [contenteditable=true], [role=dialog], [role=menu]";

export function useShortcuts(session: Session, onPalette: () => void, onHelp: () => void): void {
  const navigate = useNavigate();
  const latest = useRef({ session, onPalette, onHelp, navigate });
  latest.current = { session, onPalette, onHelp, navigate };
  useEffect(() => {
    let goPressedAt = Number.NEGATIVE_INFINITY;
    const visit = (letter: string) => {
      const place = visiblePlaces(latest.current.session).find((one) => one.letter === letter);
      if (place) void latest.current.navigate({ to: place.to });
      return place !== undefined;
    };
    const single = (key: string, at: number): boolean => {
      if (at - goPressedAt < SECOND_KEY_MS) {
        goPressedAt = Number.NEGATIVE_INFINITY;
        return visit(key);
      }
      if (key === "g") goPressedAt = at;
      else if (key === "?") latest.current.onHelp();
      else if (key === "/") document.querySelector<HTMLElement>("[data-search]")?.focus();
      else {
        const act = currentPageActs().find((one) => one.key === key);
        act?.run();
        return act !== undefined;
      }
      return true;
    };
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        latest.current.onPalette();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (event.target instanceof Element && event.target.closest(FIELDS)) return;
      if (areSingleKeysOn() && single(event.key, event.timeStamp)) event.preventDefault();
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}
