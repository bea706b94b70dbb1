import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { visibleRail } from "@/app/navigation";
import { SignInForm } from "@/features/session/sign-in-form";
import { agentName } from "@/features/session/agent-name";
import { SetupForm } from "@/features/setup/setup-form";
import { grantableRoles } from "@/lib/session";
import { fakeService } from "./fake-service";
import { renderInApp, SESSION } from "./render";

beforeEach(() => sessionStorage.clear());
afterEach(() => {
  vi.unstubAllGlobals();
});

async function signInWith(password: string): Promise<void> {
  await userEvent.type(screen.getByLabelText(/E-mail/), "ada@example.com");
  await userEvent.type(screen.getByLabelText(/^Password/), password);
  await userEvent.click(screen.getByRole("button", { name: "Sign in" }));
}

describe("sign-in", () => {
  it("asks for a code only when the service says that one is needed", async () => {
    const details = [{ field: "totp", message: "is needed" }];
    const log = fakeService({
      "POST /session": ({ body }) =>
        (body as { totp?: string }).totp === "123456"
          ? { status: 201, data: SESSION }
          : { status: 401, error: { code: "UNAUTHORIZED", message: "A code is needed.", details } },
    });
    const signedIn = vi.fn();
    await renderInApp(<SignInForm onSignedIn={signedIn} />);
    await signInWith("correct horse battery");
    await screen.findByLabelText("Digit 1");
    expect(screen.queryByRole("alert")).toBeNull();
    await userEvent.click(screen.getByLabelText("Digit 1"));
    await userEvent.keyboard("123456");
    await waitFor(() => expect(signedIn).toHaveBeenCalled());
    expect(log.at(-1)?.body).toMatchObject({ email: "ada@example.com", totp: "123456" });
  });

  it("says that a wrong password did not sign in, with the request id", async () => {
    fakeService({
      "POST /session": { status: 401, error: { code: "UNAUTHORIZED", message: "Not right." } },
    });
    await renderInApp(<SignInForm onSignedIn={() => undefined} />);
    await signInWith("wrong");
    expect((await screen.findByRole("alert")).textContent).toContain("req_test");
    expect(screen.queryByLabelText("Digit 1")).toBeNull();
  });
});

describe("set-up", () => {
  it("keeps what was typed across a reload, but never the password", async () => {
    fakeService({});
    await renderInApp(<SetupForm token="t" onDone={() => undefined} />);
    await userEvent.type(screen.getByLabelText(/Company name/), "Acme");
    await userEvent.type(screen.getByLabelText(/^Password/), "correct horse");
    const kept = JSON.stringify({ ...sessionStorage });
    expect(kept).toContain("Acme");
    expect(kept).not.toContain("correct horse");
  });

  it("names the way out when the link no longer works", async () => {
    fakeService({
      "POST /setup": { status: 404, error: { code: "NOT_FOUND", message: "Not found." } },
    });
    await renderInApp(<SetupForm token="stale" onDone={() => undefined} />);
    await userEvent.type(screen.getByLabelText(/Company name/), "Acme");
    await userEvent.type(screen.getByLabelText(/Your name/), "Ada");
    await userEvent.type(screen.getByLabelText(/E-mail/), "ada@example.com");
    await userEvent.type(screen.getByLabelText(/^Password/), "correct horse battery");
    await userEvent.click(screen.getByRole("button", { name: "Create company and owner" }));
    expect((await screen.findByRole("alert")).textContent).toContain("justpaid setup-link");
  });
});

describe("what a role sees", () => {
  it("shows a viewer no page that only answers 403", () => {
    const viewer = { ...SESSION, role: "viewer" as const, permissions: ["workflows:read"] };
    const places = visibleRail(viewer)
      .flat()
      .map((place) => place.to);
    expect(places).toEqual(["/", "/members", "/settings"]);
  });

  it("lets nobody but an owner hand out ownership", () => {
    const admin = { ...SESSION, role: "admin" as const, permissions: ["keys", "members"] };
    expect(grantableRoles(admin)).not.toContain("owner");
    expect(grantableRoles(SESSION)).toContain("owner");
  });
});

describe("where a session is from", () => {
  it.each([
    [
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18 Safari/604.1",
      "Safari on iOS",
    ],
    ["Mozilla/5.0 (X11; Linux x86_64) Chrome/150.0 Safari/537.36", "Chrome on Linux"],
    ["curl/8.9.1", "curl/8.9.1"],
    [null, "Unknown browser"],
  ])("reads %s as %s", (agent, name) => {
    expect(agentName(agent)).toBe(name);
  });
});
