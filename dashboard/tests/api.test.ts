import { afterEach, describe, expect, it, vi } from "vitest";
import {
  api,
  dataOf,
  losslessPageOf,
  pageOf,
  setCsrfToken,
  versionedOf,
  whenSignedOut,
} from "@/lib/api";
import { ApiError, NoAnswer, nextStep } from "@/lib/errors";
import { fakeService } from "./fake-service";
import { aKey } from "./render";

afterEach(() => {
  vi.unstubAllGlobals();
  setCsrfToken(null);
  whenSignedOut(() => undefined);
});

describe("the way to the service", () => {
  it("sends the CSRF token with every write and with no read", async () => {
    const log = fakeService({
      "GET /company": { data: {} },
      "PATCH /company": { data: {} },
      "DELETE /session": { data: {} },
    });
    setCsrfToken("csrf-1");
    await dataOf(api.GET("/api/v1/admin/company"));
    await dataOf(api.PATCH("/api/v1/admin/company", { body: { name: "Acme" } }));
    await dataOf(api.DELETE("/api/v1/admin/session"));
    expect(log.map((asked) => asked.headers.get("X-CSRF-Token"))).toEqual([
      null,
      "csrf-1",
      "csrf-1",
    ]);
  });

  it("throws a refusal with its fields and the request id to quote", async () => {
    const details = [{ field: "name", message: "is missing" }];
    fakeService({
      "PATCH /company": { error: { code: "VALIDATION_ERROR", message: "Not valid.", details } },
    });
    const call = dataOf(api.PATCH("/api/v1/admin/company", { body: {} }));
    await expect(call).rejects.toMatchObject({ status: 400, details, requestId: "req_test" });
  });

  it("says how long to wait when the limit is reached", async () => {
    fakeService({
      "GET /company": {
        status: 429,
        error: { code: "RATE_LIMITED", message: "Too many requests." },
        headers: { "Retry-After": "7" },
      },
    });
    const error = await dataOf(api.GET("/api/v1/admin/company")).catch((thrown: Error) => thrown);
    expect(nextStep(error as Error)).toContain("7 s");
  });

  it("tells no answer apart from a refusal", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("network")));
    const call = dataOf(api.GET("/api/v1/admin/company"));
    await expect(call).rejects.toBeInstanceOf(NoAnswer);
  });

  it("notices the end of a session once there was one, and not before", async () => {
    fakeService({
      "GET /company": { status: 401, error: { code: "UNAUTHORIZED", message: "Sign in." } },
    });
    const ended = vi.fn();
    whenSignedOut(ended);
    await dataOf(api.GET("/api/v1/admin/company")).catch(() => undefined);
    expect(ended).not.toHaveBeenCalled();
    setCsrfToken("csrf-1");
    await dataOf(api.GET("/api/v1/admin/company")).catch(() => undefined);
    expect(ended).toHaveBeenCalledOnce();
  });

  it("keeps the ETag that a later change is checked against", async () => {
    fakeService({ "GET /keys/key_1": { data: aKey(), headers: { ETag: '"4"' } } });
    const options = { params: { path: { id: "key_1" } } };
    const found = await versionedOf(api.GET("/api/v1/admin/keys/{id}", options));
    expect(found.etag).toBe('"4"');
  });

  it("opens lists with their cursor, and numbers in them without loss", async () => {
    fakeService({
      "GET /keys": { text: '{"success":true,"data":[],"meta":{"cursor":"c2","hasMore":true}}' },
      "GET /audit": { text: '{"success":true,"data":[{"after":{"n":2.90}}]}' },
    });
    const page = await pageOf(api.GET("/api/v1/admin/keys", { params: { query: {} } }));
    expect(page.meta.cursor).toBe("c2");
    const rows = await losslessPageOf<{ after: { n: unknown } }>(
      api.GET("/api/v1/admin/audit", { params: { query: {} }, parseAs: "text" }),
    );
    expect(String(rows.items[0]?.after.n)).toBe("2.90");
  });

  it("throws ApiError for an error without the usual body", async () => {
    fakeService({ "GET /company": { status: 502, text: "{}" } });
    const call = dataOf(api.GET("/api/v1/admin/company"));
    await expect(call).rejects.toBeInstanceOf(ApiError);
  });
});
