import { describe, expect, it } from "vitest";
import {
  readAuditSearch,
  readKeyListSearch,
  readSignInSearch,
  readUsageSearch,
} from "@/app/search";

describe("what addresses carry", () => {
  it.each(["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])(
    "never leads to another site after sign-in: %s",
    (next) => {
      expect(readSignInSearch({ next }).next).toBeUndefined();
    },
  );

  it("leads back to a page of the dashboard after sign-in", () => {
    expect(readSignInSearch({ next: "/audit?action=key.created" }).next).toBe(
      "/audit?action=key.created",
    );
  });

  it("lets unknown and broken values fall away instead of breaking the page", () => {
    expect(readKeyListSearch({ status: "nonsense", due: "yes", search: ["a"] })).toEqual({
      status: undefined,
      search: undefined,
      due: undefined,
    });
    expect(readUsageSearch({ span: "1y", statusClass: 7 }).span).toBeUndefined();
  });

  it("reads a filter that looks like a number as the text it is", () => {
    expect(readAuditSearch({ actor: 42 }).actor).toBe("42");
  });
});
