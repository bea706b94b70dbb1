/**
 * Writes src/lib/openapi.ts: the types of the admin API and of approvals, from the OpenAPI document
 * that the service's code beside it writes. `--check` writes nothing, and fails when the file is not
 * what would be written.
 */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import openapiTypescript, { astToString } from "openapi-typescript";

const OURS = ["/api/v1/admin/", "/api/v1/approvals"];
const CSRF = "X-CSRF-Token"; // the client adds it to every write
const WRITE_DOCUMENT = `
import sys
from justpaid import exact_json
from justpaid.app import openapi_document
sys.stdout.buffer.write(exact_json.encode(openapi_document()))
`;
const target = fileURLToPath(new URL("../src/lib/openapi.ts", import.meta.url));
const head =
  "/** Made by `npm run generate` from the service's OpenAPI document: do not edit. */\n\n";

/** Asks the Python that comes first on the path: in `make`, the one that the service is installed in. */
function readDocument() {
  const written = execFileSync("python", ["-c", WRITE_DOCUMENT], { maxBuffer: 100_000_000 });
  return JSON.parse(written.toString());
}

/** Collects the names of components that a part of the document points at, and they in turn. */
function addReferences(part, components, wanted) {
  for (const [, kind, name] of JSON.stringify(part).matchAll(/"#\/components\/(\w+)\/([^"]+)"/g)) {
    const key = `${kind}/${name}`;
    if (wanted.has(key)) continue;
    wanted.add(key);
    addReferences(components[kind][name], components, wanted);
  }
}

/** Keeps what the dashboard calls, and of the answers only those that it reads. */
function select(document) {
  const paths = {};
  for (const [path, item] of Object.entries(document.paths)) {
    if (!OURS.some((start) => path.startsWith(start))) continue;
    paths[path] = structuredClone(item);
    for (const operation of Object.values(paths[path])) {
      if (!operation.responses) continue;
      operation.parameters = operation.parameters?.filter(({ name }) => name !== CSRF);
      for (const [status, answer] of Object.entries(operation.responses)) {
        if (!status.startsWith("2")) delete operation.responses[status];
        else delete answer.headers;
      }
    }
  }
  const wanted = new Set();
  addReferences(paths, document.components, wanted);
  const components = {};
  for (const key of wanted) {
    const [kind, name] = key.split("/");
    (components[kind] ??= {})[name] = document.components[kind][name];
  }
  return { ...document, paths, components };
}

// A field with a default may be left out of a request.
const options = { alphabetize: true, defaultNonNullable: false };
const ast = await openapiTypescript(select(readDocument()), options);
const written = head + astToString(ast);
if (!process.argv.includes("--check")) {
  writeFileSync(target, written);
  console.log(`Wrote ${target}`);
} else if (readFileSync(target, "utf8") !== written) {
  console.error("src/lib/openapi.ts is not what the service's API says now: npm run generate.");
  process.exit(1);
}
