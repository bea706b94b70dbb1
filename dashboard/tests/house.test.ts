import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const SOURCE = join(import.meta.dirname, "../src");
const FILE_LINES = 400;
const COMPONENT_LINES = 150;

const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.tsx?$/.test(name))
  .map((name) => ({ name, text: readFileSync(join(SOURCE, name), "utf8") }));

function importsOf(file: { name: string; text: string }): string[] {
  const found = file.text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g);
  return [...found].map(([, target = ""]) => {
    if (target.startsWith("@/")) return target.slice(2);
    if (!target.startsWith(".")) return target;
    return relative(SOURCE, join(SOURCE, file.name, "..", target));
  });
}

/** Folders a room may import; what is not named here may not be. */
const ALLOWED: Record<string, string[]> = {
  "main.tsx": ["app", "lib"],
  app: ["app", "features", "components", "lib"],
  features: ["features", "components", "lib"],
  components: ["components", "lib"],
  lib: ["lib"],
};

const ROOMS = Object.keys(ALLOWED).filter((room) => room !== "main.tsx");

describe("the house", () => {
  it("keeps imports one way: app, features, components, lib", () => {
    const wrong = files.flatMap((file) => {
      const room = file.name.split("/")[0] ?? "";
      return importsOf(file)
        .filter((target) => ROOMS.includes(target.split("/")[0] ?? ""))
        .filter((target) => !ALLOWED[room]?.includes(target.split("/")[0] ?? ""))
        .map((target) => `${file.name} imports ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  it("lets no feature import another feature", () => {
    const wrong = files
      .filter((file) => file.name.startsWith("features/"))
      .flatMap((file) => {
        const own = file.name.split("/")[1];
        return importsOf(file)
          .filter((target) => target.startsWith("features/") && target.split("/")[1] !== own)
          .map((target) => `${file.name} imports ${target}`);
      });
    expect(wrong).toEqual([]);
  });

  it("keeps files within 400 lines and components within 150", () => {
    const wrong = files
      .filter((file) => file.name !== "lib/openapi.ts")
      .flatMap((file) => {
        const lines = file.text.split("\n");
        const long = lines.length > FILE_LINES ? [`${file.name}: ${lines.length} lines`] : [];
        let start = -1;
        lines.forEach((line, index) => {
          if (/^(export )?(default )?function [A-Z]/.test(line)) start = index;
          if (line === "}" && start >= 0) {
            if (index - start + 1 > COMPONENT_LINES) long.push(`${file.name}:${start + 1}`);
            start = -1;
          }
        });
        return long;
      });
    expect(wrong).toEqual([]);
  });

  it("opens every file by saying what it is for", () => {
    const wrong = files.filter((file) => !file.text.startsWith("/**")).map((file) => file.name);
    expect(wrong).toEqual([]);
  });

  it("reads JSON with users' numbers through lossless-json alone", () => {
    const wrong = files
      .filter((file) => /JSON\.parse\(/.test(file.text))
      .filter((file) => file.name !== "components/use-draft.ts")
      .map((file) => file.name);
    expect(wrong).toEqual([]);
  });

  it("puts no markup into the page as text", () => {
    const wrong = files.filter((file) => /dangerouslySetInnerHTML|innerHTML/.test(file.text));
    expect(wrong.map((file) => file.name)).toEqual([]);
  });
});
