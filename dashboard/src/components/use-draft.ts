/** Keeps what was typed into a form across a reload of the tab; never passwords or secrets. */
import { useEffect, useRef } from "react";
import { draftKey } from "@/lib/drafts";

interface DraftForm<Values> {
  values: Values;
  setValues: (values: Partial<Values>) => void;
  isDirty: () => boolean;
}

function readDraft<Values>(key: string): Partial<Values> | null {
  const kept = sessionStorage.getItem(key);
  if (!kept) return null;
  try {
    return JSON.parse(kept) as Partial<Values>;
  } catch {
    return null;
  }
}

export function useDraft<Values extends object>(
  name: string,
  form: DraftForm<Values>,
  fields: (keyof Values)[],
): { forget: () => void } {
  const key = draftKey(name);
  const restoredKey = useRef<string | null>(null);
  const isForgotten = useRef(false);
  useEffect(() => {
    if (restoredKey.current === key) return;
    restoredKey.current = key;
    isForgotten.current = false;
    const kept = readDraft<Values>(key);
    if (kept) form.setValues(kept);
  }, [key, form]);
  useEffect(() => {
    if (isForgotten.current) return;
    if (!form.isDirty()) {
      sessionStorage.removeItem(key);
      return;
    }
    const kept = Object.fromEntries(fields.map((field) => [field, form.values[field]]));
    sessionStorage.setItem(key, JSON.stringify(kept));
  });
  return {
    /** Drops the draft for good: what was typed has been sent. */
    forget: () => {
      isForgotten.current = true;
      sessionStorage.removeItem(key);
    },
  };
}
