/** Refuses a build whose first load is over 300 kB compressed, or whose page would need inline script. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const folder =
  process.env.JUSTPAID_ASSETS ??
  fileURLToPath(new URL("../../src/justpaid/dashboard_assets", import.meta.url));
const LIMIT_BYTES = 300_000;
const manifest = JSON.parse(readFileSync(`${folder}/assets/manifest.json`, "utf8"));
const files = new Set(["index.html"]);

function addChunk(name) {
  const chunk = manifest[name];
  if (files.has(chunk.file)) return;
  files.add(chunk.file);
  for (const css of chunk.css ?? []) files.add(css);
  for (const imported of chunk.imports ?? []) addChunk(imported);
}
addChunk("index.html");

let total = 0;
for (const file of files) {
  const size = gzipSync(readFileSync(`${folder}/${file}`)).length;
  total += size;
  console.log(`${String(size).padStart(8)}  ${file}`);
}
console.log(`${String(total).padStart(8)}  first load, gzip (limit ${LIMIT_BYTES})`);
const page = readFileSync(`${folder}/index.html`, "utf8");
if (/<script(?![^>]*\bsrc=)/.test(page) || /\son\w+=/.test(page)) {
  console.error("index.html holds inline script, which the Content-Security-Policy refuses.");
  process.exit(1);
}
if (total > LIMIT_BYTES) {
  console.error("The first load is too big: load something lazily.");
  process.exit(1);
}
