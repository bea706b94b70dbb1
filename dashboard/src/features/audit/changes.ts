/** What an act changed, field by field. Pure; numbers keep the text they came with. */
import { stringify } from "lossless-json";

export interface Change {
  field: string;
  before: string;
  after: string;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !("isLosslessNumber" in value)
  );
}

export function valueText(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  return stringify(value) ?? "";
}

export function changesOf(before: unknown, after: unknown): Change[] {
  if (!isRecord(before) && !isRecord(after)) {
    if (valueText(before) === valueText(after)) return [];
    return [{ field: "value", before: valueText(before), after: valueText(after) }];
  }
  const old = isRecord(before) ? before : {};
  const now = isRecord(after) ? after : {};
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .map((field) => ({ field, before: valueText(old[field]), after: valueText(now[field]) }))
    .filter((change) => change.before !== change.after);
}
