import { defineConfig } from "vitest/config";

/** The browser tests: one browser, one course through the product, in order. */
export default defineConfig({
  root: import.meta.dirname,
  test: {
    env: { JUSTPAID_E2E_URL: process.env.BASE_URL ?? "http://127.0.0.1:8000" },
    include: ["*.e2e.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
    sequence: { concurrent: false },
  },
});
