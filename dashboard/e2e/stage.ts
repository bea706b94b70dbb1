/** What `tests/e2e/stage.py` has made ready: where the service is, and who can sign in. */
import { readFileSync } from "node:fs";

interface Stage {
  password: string;
  setupLinks: [string, string];
  lively: {
    email: string;
    busyKey: string;
    rotatedKey: string;
    revokedKey: string;
    newKey: string;
    approverEmail: string;
    approvals: Record<
      "counted" | "own" | "others" | "approved" | "rejected" | "expired" | "cancelled",
      string
    >;
  };
  acting: {
    email: string;
    adminEmail: string;
    stepperEmail: string;
    wideKey: string;
    switchedKey: string;
    leakyKey: string;
    falselyReportedKey: string;
  };
  approving: { starterEmail: string; approverEmail: string; run: string; approval: string };
  crowded: { email: string };
  empty: { email: string };
}

/** Vitest gives BASE_URL a meaning of its own, so its configuration passes ours on by another name. */
export const BASE_URL = process.env.JUSTPAID_E2E_URL ?? process.env.BASE_URL ?? "";

const file = process.env.JUSTPAID_E2E_STAGE;
if (!file || !BASE_URL) {
  throw new Error("There is no stage: start this with `python -m tests.e2e npm run …`.");
}

export const STAGE = JSON.parse(readFileSync(file, "utf8")) as Stage;
