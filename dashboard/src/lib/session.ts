/** Who is signed in, and what the role may see. */
import { queryOptions, useSuspenseQuery, type QueryClient } from "@tanstack/react-query";
import { api, dataOf, setCsrfToken } from "./api";
import { claimDrafts } from "./drafts";
import type { Role, Session } from "./api-types";

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async () => {
    const session = await dataOf(api.GET("/api/v1/admin/session"));
    setCsrfToken(session.csrfToken);
    claimDrafts(session.company.id, session.member.id);
    return session;
  },
  staleTime: 60_000,
  retry: false,
});

let hasJustBegun = false;

/** Says once that somebody signed in within this page: what had the focus is gone with the form. */
export function tookBeginning(): boolean {
  const was = hasJustBegun;
  hasJustBegun = false;
  return was;
}

/** Takes over a session that a sign-in, set-up or invite has just made; forgets all that was seen before. */
export function beginSession(queries: QueryClient, session: Session): void {
  hasJustBegun = true;
  queries.clear();
  setCsrfToken(session.csrfToken);
  claimDrafts(session.company.id, session.member.id);
  queries.setQueryData(sessionQuery.queryKey, session);
}

/** Forgets the session and everything it showed. */
export function endSession(queries: QueryClient): void {
  setCsrfToken(null);
  queries.clear();
}

export function useSession(): Session {
  return useSuspenseQuery(sessionQuery).data;
}

export function may(session: Session, permission: string): boolean {
  return session.role === "owner" || session.permissions.includes(permission);
}

export const ROLES: { role: Role; text: string }[] = [
  { role: "owner", text: "Everything, also owners and deleting the company" },
  { role: "admin", text: "Everything but owners and deleting the company" },
  { role: "editor", text: "Workflows and connections; reads runs" },
  { role: "approver", text: "Reads workflows and runs; decides approvals" },
  { role: "viewer", text: "Reads workflows, runs and connections" },
];

/** Lists the roles a person may hand out: nobody but an owner makes an owner. */
export function grantableRoles(session: Session): Role[] {
  return ROLES.map((entry) => entry.role).filter(
    (role) => role !== "owner" || may(session, "owners"),
  );
}
