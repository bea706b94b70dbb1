import { parse } from "lossless-json";
import { describe, expect, it } from "vitest";
import { auditParameters, exportAddress } from "@/features/audit/api";
import { changesOf } from "@/features/audit/changes";

describe("what an act changed", () => {
  it("keeps every digit of a user's number", () => {
    const before = parse('{"limit": 2.90}');
    const after = parse('{"limit": 123456789012345678901234567890}');
    expect(changesOf(before, after)).toEqual([
      { field: "limit", before: "2.90", after: "123456789012345678901234567890" },
    ]);
  });

  it("names only the fields that differ, also where one side is nothing", () => {
    expect(changesOf(null, { name: "Billing", note: null })).toEqual([
      { field: "name", before: "", after: "Billing" },
    ]);
    expect(changesOf({ a: 1, b: 2 }, { a: 1, b: 3 }).map((change) => change.field)).toEqual(["b"]);
  });
});

describe("the audit log's address", () => {
  it("counts the last day whole, so that acts on it are found", () => {
    const { from = "", to = "" } = auditParameters({ from: "2026-11-23", to: "2026-11-23" });
    expect(Date.parse(to) - Date.parse(from)).toBe(86_400_000);
  });

  it("exports what is filtered, and nothing more", () => {
    expect(exportAddress({ actor: "mem_1", action: undefined }, "csv")).toBe(
      "/api/v1/admin/audit/export?actor=mem_1&format=csv",
    );
  });
});
