import { beforeEach, describe, expect, it } from "vitest";
import { claimDrafts, draftKey, forgetDrafts } from "@/lib/drafts";

beforeEach(() => sessionStorage.clear());

describe("drafts", () => {
  it("stay for the same member who signs in again", () => {
    claimDrafts("cmp_1", "mem_1");
    sessionStorage.setItem(draftKey("new-key"), "{}");
    claimDrafts("cmp_1", "mem_1");
    expect(sessionStorage.getItem(draftKey("new-key"))).toBe("{}");
  });

  it.each([
    ["another person", "cmp_1", "mem_2"],
    ["another company", "cmp_2", "mem_1"],
  ])("never show up for %s", (_, company, member) => {
    claimDrafts("cmp_1", "mem_1");
    sessionStorage.setItem(draftKey("new-key"), "{}");
    claimDrafts(company, member);
    expect(sessionStorage.getItem(draftKey("new-key"))).toBeNull();
  });

  it("leave what is not a draft alone", () => {
    sessionStorage.setItem("other", "1");
    forgetDrafts();
    expect(sessionStorage.getItem("other")).toBe("1");
  });
});
