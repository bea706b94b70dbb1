/** Keeps what was typed into a form across a reload of the tab; never passwords or secrets. */
import { useEffect, useRef } from "react";

interface DraftForm<Values> {
  values: Values;
  setValues: (values: Partial<Values>) => void;
  isDirty: () => boolean;
}

export function useDraft<Values extends object>(
  name: string,
  form: DraftForm<Values>,
  fields: (keyof Values)[],
): { forget: () => void } {
  const key = `justpaid.draft.${name}`;
  const isRestored = useRef(false);
  useEffect(() => {
    if (isRestored.current) return;
    isRestored.current = true;
    const kept = sessionStorage.getItem(key);
    if (!kept) return;
    try {
      form.setValues(JSON.parse(kept) as Partial<Values>);
    } catch {
      sessionStorage.removeItem(key);
    }
  }, [key, form]);
  useEffect(() => {
    if (!form.isDirty()) return;
    const kept = Object.fromEntries(fields.map((field) => [field, form.values[field]]));
    sessionStorage.setItem(key, JSON.stringify(kept));
  });
  return { forget: () => sessionStorage.removeItem(key) };
}
