/** Every address of the dashboard; pages load when they are first visited. */
import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { isStatus } from "@/lib/errors";
import { may, sessionQuery } from "@/lib/session";
import { PagePending } from "@/components/page";
import { Shell } from "./layout/shell";
import { Alone, NotPermitted, PageFailure, PageMissing } from "./page-failure";
import {
  readApprovalSearch,
  readAuditSearch,
  readFlagSearch,
  readKeyListSearch,
  readKeySearch,
  readSignInSearch,
  readTabSearch,
  readUsageSearch,
} from "./search";

interface RouterContext {
  queries: QueryClient;
}

const root = createRootRouteWithContext<RouterContext>()({
  notFoundComponent: () => <Alone page={<PageMissing />} />,
});

const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  component: lazyRouteComponent(() => import("./pages/setup-page"), "SetupPage"),
});
const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: readSignInSearch,
  component: lazyRouteComponent(() => import("./pages/sign-in-page"), "SignInPage"),
});
const invite = createRoute({
  getParentRoute: () => root,
  path: "/invite",
  component: lazyRouteComponent(() => import("./pages/invite-page"), "InvitePage"),
});
const reset = createRoute({
  getParentRoute: () => root,
  path: "/reset",
  component: lazyRouteComponent(() => import("./pages/reset-page"), "ResetPage"),
});

const signedIn = createRoute({
  getParentRoute: () => root,
  id: "signed-in",
  beforeLoad: async ({ context, location }) => {
    try {
      const session = await context.queries.ensureQueryData(sessionQuery);
      return { session };
    } catch (error) {
      if (!isStatus(error, 401)) throw error;
      const next = location.href === "/" ? undefined : location.href;
      throw redirect({ to: "/sign-in", search: { next } });
    }
  },
  component: Shell,
  errorComponent: (props) => <Alone page={<PageFailure {...props} />} />,
});

const needs = (permission: string) => ({
  beforeLoad: ({ context }: { context: { session: Parameters<typeof may>[0] } }) => {
    if (!may(context.session, permission)) throw new NotPermitted(permission);
  },
});

const overview = createRoute({
  getParentRoute: () => signedIn,
  path: "/",
  component: lazyRouteComponent(() => import("./pages/overview-page"), "OverviewPage"),
});
const approvals = createRoute({
  getParentRoute: () => signedIn,
  path: "/approvals",
  ...needs("runs:read"),
  validateSearch: readApprovalSearch,
  component: lazyRouteComponent(() => import("./pages/approvals-page"), "ApprovalsPage"),
});
const approval = createRoute({
  getParentRoute: () => signedIn,
  path: "/approvals/$approvalId",
  ...needs("runs:read"),
  component: lazyRouteComponent(() => import("./pages/approval-page"), "ApprovalPage"),
});
const keys = createRoute({
  getParentRoute: () => signedIn,
  path: "/keys",
  ...needs("keys"),
  validateSearch: readKeyListSearch,
  component: lazyRouteComponent(() => import("./pages/keys-page"), "KeysPage"),
});
const newKey = createRoute({
  getParentRoute: () => signedIn,
  path: "/keys/new",
  ...needs("keys"),
  component: lazyRouteComponent(() => import("./pages/new-key-page"), "NewKeyPage"),
});
const key = createRoute({
  getParentRoute: () => signedIn,
  path: "/keys/$keyId",
  ...needs("keys"),
  validateSearch: readKeySearch,
  component: lazyRouteComponent(() => import("./pages/key-page"), "KeyPage"),
});
const rotation = createRoute({
  getParentRoute: () => signedIn,
  path: "/keys/$keyId/rotation",
  ...needs("keys"),
  component: lazyRouteComponent(() => import("./pages/rotation-page"), "RotationPage"),
});
const usage = createRoute({
  getParentRoute: () => signedIn,
  path: "/usage",
  ...needs("keys"),
  validateSearch: readUsageSearch,
  component: lazyRouteComponent(() => import("./pages/usage-page"), "UsagePage"),
});
const flags = createRoute({
  getParentRoute: () => signedIn,
  path: "/flags",
  ...needs("keys"),
  validateSearch: readFlagSearch,
  component: lazyRouteComponent(() => import("./pages/flags-page"), "FlagsPage"),
});
const members = createRoute({
  getParentRoute: () => signedIn,
  path: "/members",
  validateSearch: readTabSearch,
  component: lazyRouteComponent(() => import("./pages/members-page"), "MembersPage"),
});
const audit = createRoute({
  getParentRoute: () => signedIn,
  path: "/audit",
  ...needs("audit"),
  validateSearch: readAuditSearch,
  component: lazyRouteComponent(() => import("./pages/audit-page"), "AuditPage"),
});
const settings = createRoute({
  getParentRoute: () => signedIn,
  path: "/settings",
  validateSearch: readTabSearch,
  component: lazyRouteComponent(() => import("./pages/settings-page"), "SettingsPage"),
});
const notices = createRoute({
  getParentRoute: () => signedIn,
  path: "/notices",
  component: lazyRouteComponent(() => import("./pages/notices-page"), "NoticesPage"),
});
const profile = createRoute({
  getParentRoute: () => signedIn,
  path: "/profile",
  validateSearch: readTabSearch,
  component: lazyRouteComponent(() => import("./pages/profile-page"), "ProfilePage"),
});

const missing = createRoute({
  getParentRoute: () => signedIn,
  path: "$",
  component: PageMissing,
});

const pages = [
  overview,
  approvals,
  approval,
  keys,
  newKey,
  key,
  rotation,
  usage,
  flags,
  members,
  audit,
  settings,
];
const routeTree = root.addChildren([
  setup,
  signIn,
  invite,
  reset,
  signedIn.addChildren([...pages, notices, profile, missing] as const),
]);

export function createDashboardRouter(queries: QueryClient) {
  return createRouter({
    routeTree,
    context: { queries },
    defaultPreload: "intent",
    defaultPreloadStaleTime: 0,
    defaultErrorComponent: PageFailure,
    defaultPendingComponent: PagePending,
    defaultPendingMs: 300,
    defaultNotFoundComponent: PageMissing,
    scrollRestoration: true,
  });
}
