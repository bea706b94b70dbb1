/** The verdicts of a rotation in plain words; the decision stays the person's. */
import type { Tone } from "@/components/status-badge";
import type { KeyPair, Verdict } from "@/lib/api-types";
import { counted } from "@/lib/format";

interface VerdictText {
  tone: Tone;
  word: string;
  text: (pair: KeyPair) => string;
}

function recentRequests(pair: KeyPair): number {
  return pair.oldTraffic.reduce((sum, row) => sum + row.requests24h, 0);
}

export const VERDICTS: Record<Verdict, VerdictText> = {
  unused_successor: {
    tone: "amber",
    word: "New key not used yet",
    text: () => "Revoking the old key now would cut off everything that uses it.",
  },
  still_used: {
    tone: "amber",
    word: "Old key still used",
    text: (pair) =>
      `${counted(recentRequests(pair), "request")} in the last 24 hours came with the old key. Update what is listed here first.`,
  },
  safe_to_revoke: {
    tone: "green",
    word: "Safe to revoke",
    text: () => "The new key is in use, and the old one has been quiet for 24 hours.",
  },
};
