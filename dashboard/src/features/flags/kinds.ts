/** The kinds of flags, in words. */
export const FLAG_KINDS: Record<string, string> = {
  new_network: "New network",
  dormant_use: "Used after long silence",
  rate_spike: "Rate far above normal",
  refusal_burst: "Burst of refusals",
  key_in_url: "Key in a URL",
  key_in_definition: "Key in a definition",
  browser_use: "Used from a browser",
  leaked: "Reported as leaked",
};

export function kindText(kind: string): string {
  return FLAG_KINDS[kind] ?? kind.replaceAll("_", " ");
}
