import { defineConfig } from "vitest/config";

/** The browser tests: each file has people and companies of its own, so that two run at once. */
export default defineConfig({
  root: import.meta.dirname,
  test: {
    env: { JUSTPAID_E2E_URL: process.env.BASE_URL ?? "" },
    include: ["*.e2e.ts"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
    sequence: { concurrent: false },
  },
});
