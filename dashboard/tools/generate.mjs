/**
 * Writes src/lib/openapi.ts from the service's OpenAPI document.
 * `npm run generate -- http://127.0.0.1:8000/openapi.json`, or a file.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import openapiTypescript, { astToString } from "openapi-typescript";

const source = process.argv[2] ?? "http://127.0.0.1:8000/openapi.json";
const url = /^https?:/.test(source) ? new URL(source) : pathToFileURL(source);
const target = fileURLToPath(new URL("../src/lib/openapi.ts", import.meta.url));
const head =
  "/** Made by `npm run generate` from the service's OpenAPI document: do not edit. */\n\n";

writeFileSync(target, head + astToString(await openapiTypescript(url, { alphabetize: true })));
console.log(`Wrote ${target}`);
