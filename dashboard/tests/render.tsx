/** Renders a part of the dashboard inside what it always stands in. */
import { MantineProvider } from "@mantine/core";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRouter,
  RouterProvider,
} from "@tanstack/react-router";
import { act, render } from "@testing-library/react";
import type { ReactNode } from "react";
import { theme } from "@/app/theme";
import type { Key, Session } from "@/lib/api-types";
import { beginSession } from "@/lib/session";

export const SESSION: Session = {
  id: "ses_1",
  member: {
    id: "mem_1",
    name: "Ada",
    email: "ada@example.com",
    role: "owner",
    createdAt: "2026-01-01T00:00:00.000Z",
    lastSeenAt: null,
    totpEnabled: false,
  },
  company: {
    id: "cmp_1",
    name: "Acme",
    timeZone: "UTC",
    currency: "EUR",
    leakPolicy: "revoke",
    createdAt: "2026-01-01T00:00:00.000Z",
  },
  companies: [{ id: "cmp_1", name: "Acme", role: "owner" }],
  role: "owner",
  permissions: ["keys", "members", "audit", "company", "owners"],
  csrfToken: "csrf-1",
  expiresAt: "2027-01-01T00:00:00.000Z",
};

export function aKey(change: Partial<Key> = {}): Key {
  return {
    id: "key_1",
    name: "Billing",
    hint: "wfk_abcd…wxyz",
    scopes: ["runs:read"],
    status: "active",
    createdBy: "mem_1",
    owner: "mem_1",
    createdAt: "2026-01-01T00:00:00.000Z",
    expiresAt: null,
    lastUsedAt: null,
    lastUsedIp: null,
    rotatedFrom: null,
    rotatedTo: null,
    allowedIps: [],
    limits: {},
    note: "",
    ageDays: 1,
    rotateDue: false,
    ...change,
  };
}

export async function renderInApp(part: ReactNode, session: Session = SESSION): Promise<void> {
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  beginSession(queries, session);
  const root = createRootRoute({ component: () => part });
  const router = createRouter({ routeTree: root, history: createMemoryHistory() });
  await act(async () => {
    render(
      <QueryClientProvider client={queries}>
        <MantineProvider theme={theme} env="test">
          <RouterProvider router={router as never} />
        </MantineProvider>
      </QueryClientProvider>,
    );
    await router.load();
  });
}
