import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const assets = fileURLToPath(new URL("../src/justpaid/dashboard_assets", import.meta.url));
const service = process.env.JUSTPAID_DEV_SERVICE ?? "http://127.0.0.1:8000";

/** Empties what the last build wrote, and nothing else: the folder is also a Python package. */
function removeLastBuild(folder: string): Plugin {
  return {
    name: "remove-last-build",
    apply: "build",
    buildStart() {
      rmSync(`${folder}/assets`, { recursive: true, force: true });
      rmSync(`${folder}/index.html`, { force: true });
    },
  };
}

export default defineConfig({
  plugins: [react(), removeLastBuild(process.env.JUSTPAID_ASSETS ?? assets)],
  resolve: { alias: { "@": fileURLToPath(new URL("src", import.meta.url)) } },
  build: {
    outDir: process.env.JUSTPAID_ASSETS ?? assets,
    emptyOutDir: false,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    manifest: "assets/manifest.json",
  },
  server: {
    host: "127.0.0.1",
    proxy: { "/api": service, "/docs": service, "/openapi.json": service },
  },
  test: {
    environment: "jsdom",
    include: ["tests/**/*.test.{ts,tsx}"],
    setupFiles: ["tests/setup.ts"],
    css: false,
    testTimeout: 30_000,
  },
});
