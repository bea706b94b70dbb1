/** Starts the dashboard. */
import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./app/global.css";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Providers } from "./app/providers";
import { createQueries } from "./app/queries";
import { createDashboardRouter } from "./app/router";
import { setCsrfToken, whenSignedOut } from "./lib/api";
import { endSession } from "./lib/session";

const queries = createQueries();
const router = createDashboardRouter(queries);

whenSignedOut(() => {
  const next = router.state.location.href;
  setCsrfToken(null);
  void router
    .navigate({ to: "/sign-in", search: { next, ended: true }, replace: true })
    .then(() => endSession(queries));
});

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <Providers queries={queries}>
        <RouterProvider router={router} />
      </Providers>
    </StrictMode>,
  );
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createDashboardRouter>;
  }
}
