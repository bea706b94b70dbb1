/** The kinds of flags, in words. */
import type { FlagKind } from "@/lib/api-types";

export const FLAG_KINDS: Record<FlagKind, string> = {
  new_network: "New network",
  dormant_use: "Used after long silence",
  rate_spike: "Rate far above normal",
  refusal_burst: "Burst of refusals",
  key_in_url: "Key in a URL",
  key_in_definition: "Key in a definition",
  browser_use: "Used from a browser",
};

export function isFlagKind(value: unknown): value is FlagKind {
  return typeof value === "string" && value in FLAG_KINDS;
}

export function kindText(kind: FlagKind): string {
  return FLAG_KINDS[kind];
}
