import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keyQuery } from "@/features/keys/api";
import { CreateKeyForm } from "@/features/keys/create-key-form";
import { GenerateSuccessor } from "@/features/keys/generate-successor";
import { KeySecretDialog } from "@/features/keys/key-secret-dialog";
import { RevokeDialog } from "@/features/keys/revoke-dialog";
import { currentStep } from "@/features/keys/rotation";
import { VERDICTS } from "@/features/keys/verdict";
import type { KeyPair, KeyWithSecret } from "@/lib/api-types";
import { fakeService } from "./fake-service";
import { aKey, renderInApp } from "./render";

const SECRET = "wfk_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg0tewKi";
const NO_USAGE = { buckets: [], refusals: { 401: 0, 403: 0, 429: 0 }, addresses: 0, budgets: null };

beforeEach(() => sessionStorage.clear());
afterEach(() => {
  vi.unstubAllGlobals();
});

function Shown({ created }: { created: KeyWithSecret }) {
  const [shown, setShown] = useState<KeyWithSecret | null>(created);
  return <KeySecretDialog created={shown} onStored={() => setShown(null)} />;
}

describe("a key on its one showing", () => {
  it("cannot be dismissed by accident, and is nowhere in the page afterwards", async () => {
    fakeService({ "GET /keys/key_1": { data: aKey() } });
    await renderInApp(<Shown created={{ ...aKey(), key: SECRET }} />);
    await userEvent.keyboard("{Escape}");
    expect(screen.getByText(SECRET)).toBeTruthy();
    expect(screen.getByRole<HTMLButtonElement>("button", { name: "Done" }).disabled).toBe(true);
    await userEvent.click(screen.getByLabelText("I have stored it"));
    await userEvent.click(screen.getByRole("button", { name: "Done" }));
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
    expect(document.documentElement.outerHTML).not.toContain(SECRET);
    expect(JSON.stringify({ ...sessionStorage, ...localStorage })).not.toContain(SECRET);
  });

  it("says so when the secret was shown with an earlier answer", async () => {
    fakeService({});
    await renderInApp(<Shown created={{ ...aKey(), key: null, secretAlreadyShown: true }} />);
    expect(screen.getByText(/cannot be shown\s+again/)).toBeTruthy();
  });
});

describe("creating a key", () => {
  it("preselects no scope and asks for one", async () => {
    const log = fakeService({});
    await renderInApp(<CreateKeyForm onCreated={() => undefined} />);
    const boxes = screen.getAllByRole<HTMLInputElement>("checkbox");
    expect(boxes.filter((box) => box.checked)).toEqual([]);
    await userEvent.type(screen.getByLabelText(/Name/), "Billing");
    await userEvent.click(screen.getByRole("button", { name: "Create key" }));
    expect(screen.getAllByText("Choose at least one scope.").length).toBeGreaterThan(0);
    expect(log.filter((asked) => asked.method === "POST")).toEqual([]);
  });

  it("repeats a submission whose answer was lost under the same Idempotency-Key", async () => {
    const keys: (string | null)[] = [];
    const made = vi.fn();
    fakeService({});
    const answering = globalThis.fetch;
    let losses = 1;
    vi.stubGlobal("fetch", async (input: Request) => {
      if (input.method !== "POST") return answering(input);
      keys.push(input.headers.get("Idempotency-Key"));
      if (losses-- > 0) throw new TypeError("network");
      return Response.json({ success: true, data: { ...aKey(), key: SECRET } }, { status: 201 });
    });
    await renderInApp(<CreateKeyForm onCreated={made} />);
    await userEvent.type(screen.getByLabelText(/Name/), "Billing");
    await userEvent.click(screen.getByRole("button", { name: "Read only" }));
    await userEvent.click(screen.getByRole("button", { name: "Create key" }));
    await screen.findByText(/did not answer/);
    await userEvent.click(screen.getByRole("button", { name: "Create key" }));
    await waitFor(() => expect(made).toHaveBeenCalled());
    expect(keys[0]).toBeTruthy();
    expect(keys[1]).toBe(keys[0]);
  });

  it("shows every refused field at the field and in the summary", async () => {
    fakeService({
      "POST /keys": {
        error: {
          code: "VALIDATION_ERROR",
          message: "Not valid.",
          details: [
            { field: "allowedIps[1]", message: "must be an address" },
            { field: "name", message: "is too long" },
          ],
        },
      },
    });
    await renderInApp(<CreateKeyForm onCreated={() => undefined} />);
    await userEvent.type(screen.getByLabelText(/Name/), "Billing");
    await userEvent.click(screen.getByRole("button", { name: "Read only" }));
    await userEvent.click(screen.getByRole("button", { name: "Create key" }));
    const summary = await screen.findByRole("alert");
    expect(within(summary).getByText(/must be an address/)).toBeTruthy();
    expect(within(summary).getByText(/is too long/)).toBeTruthy();
    expect(within(summary).getByText("req_test")).toBeTruthy();
    expect(screen.getAllByText("must be an address").length).toBeGreaterThan(0);
  });
});

describe("revoking a key", () => {
  it("names how much still uses it, and waits for its typed name", async () => {
    const bucket = { at: "2026-01-01T00:00:00.000Z", route: "GET /runs", statusClass: "2xx" };
    const log = fakeService({
      "GET /keys/key_1/usage": { data: { ...NO_USAGE, buckets: [{ ...bucket, requests: 17 }] } },
      "POST /keys/key_1/revoke": { data: aKey({ status: "revoked" }) },
    });
    const used = aKey({ lastUsedAt: new Date().toISOString() });
    await renderInApp(<RevokeDialog revoked={used} opened onClose={() => undefined} />);
    await screen.findByText(/17 requests in the last hour/);
    const revoke = screen.getByRole<HTMLButtonElement>("button", { name: "Revoke key" });
    expect(revoke.disabled).toBe(true);
    await userEvent.type(screen.getByRole("textbox"), "Billing");
    await userEvent.click(revoke);
    await waitFor(() =>
      expect(log.find((asked) => asked.method === "POST")?.body).toEqual({ confirm: "Billing" }),
    );
  });

  it("asks for no name when nothing used the key in the last hour", async () => {
    fakeService({ "GET /keys/key_1/usage": { data: NO_USAGE } });
    await renderInApp(<RevokeDialog revoked={aKey()} opened onClose={() => undefined} />);
    await screen.findByText(/Nothing used this key/);
    expect(screen.queryByRole("textbox")).toBeNull();
  });
});

interface RotatingProps {
  onCreated: (key: KeyWithSecret) => void;
  askUsage: () => Promise<string>;
}

function Rotating({ onCreated, askUsage }: RotatingProps) {
  useQuery({ queryKey: ["usage"], queryFn: askUsage });
  const old = useQuery(keyQuery("key_1")).data?.value;
  if (!old) return null;
  if (old.rotatedTo) return <p>The next step</p>;
  return <GenerateSuccessor old={old} onCreated={onCreated} />;
}

describe("a rotation", () => {
  it("hands the secret on although the fresh key takes the button off the page", async () => {
    let rotatedTo: string | null = null;
    fakeService({
      "GET /keys/key_1": () => ({ data: aKey({ rotatedTo }) }),
      "POST /keys/key_1/rotate": () => {
        rotatedTo = "key_2";
        return { data: { successor: { ...aKey({ id: "key_2" }), key: SECRET } } };
      },
    });
    const made: KeyWithSecret[] = [];
    const never = new Promise<string>(() => undefined);
    const askUsage = () => (rotatedTo ? never : Promise.resolve("none")); // slower than the key
    await renderInApp(<Rotating onCreated={(key) => made.push(key)} askUsage={askUsage} />);
    await userEvent.click(await screen.findByRole("button", { name: "Generate new key" }));
    await screen.findByText("The next step");
    expect(made.map(({ key }) => key)).toEqual([SECRET]);
  });

  const old = aKey({ rotatedTo: "key_2" });
  const pair: KeyPair = {
    predecessor: old,
    successor: aKey({ id: "key_2" }),
    successorFirstUsedAt: null,
    oldTraffic: [
      { ip: null, agent: null, route: "GET /runs", requests24h: 3, lastAt: "2026-01-01T00:00:00Z" },
    ],
    quietSince: null,
    verdict: "still_used",
  };

  it.each([
    ["before the new key", old, undefined, 1],
    ["while applications are updated", old, pair, 2],
    ["once the new key is used", old, { ...pair, successorFirstUsedAt: "2026-01-01" }, 4],
    ["after the old key is revoked", aKey({ status: "revoked" }), pair, 5],
    [
      "again, if the new key was revoked",
      old,
      { ...pair, successor: aKey({ status: "revoked" }) },
      1,
    ],
  ] as const)("stands at its step %s", (_, key, found, step) => {
    expect(currentStep(key, found)).toBe(step);
  });

  it("says the verdict in numbers and leaves the decision to the person", () => {
    expect(VERDICTS.still_used.text(pair)).toContain("3 requests");
    expect(VERDICTS.safe_to_revoke.tone).toBe("green");
  });
});
