/**
 * Writes src/lib/openapi.ts: the admin API's types, from the service's OpenAPI document.
 * `npm run generate -- http://127.0.0.1:8080/openapi.json`, or the path of a file.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import openapiTypescript, { astToString } from "openapi-typescript";

const OURS = "/api/v1/admin/";
const CSRF = "X-CSRF-Token"; // the client adds it to every write
const source = process.argv[2] ?? "http://127.0.0.1:8080/openapi.json";
const target = fileURLToPath(new URL("../src/lib/openapi.ts", import.meta.url));
const head =
  "/** Made by `npm run generate` from the service's OpenAPI document: do not edit. */\n\n";

async function readDocument() {
  if (!/^https?:/.test(source)) return JSON.parse(readFileSync(source, "utf8"));
  const response = await fetch(source);
  if (!response.ok) throw new Error(`${source} answers ${response.status}`);
  return response.json();
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
    if (!path.startsWith(OURS)) continue;
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
const ast = await openapiTypescript(select(await readDocument()), options);
writeFileSync(target, head + astToString(ast));
console.log(`Wrote ${target}`);
