/** The company's people, so that an id in a list reads as a name. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, pageOf } from "./api";
import type { Member } from "./api-types";
import { shortenId } from "./format";
import { useSession } from "./session";

export const membersQuery = queryOptions({
  queryKey: ["members"],
  queryFn: () => pageOf(api.GET("/api/v1/admin/members", { params: { query: { limit: 100 } } })),
  staleTime: 60_000,
});

export function useMembers(): Member[] {
  return useQuery(membersQuery).data?.items ?? [];
}

/** Names an actor: a member by name, the operator by system user, whatever else by its short id. */
export function actorName(actor: string, members: Member[], ownId?: string): string {
  if (actor === ownId) return "You";
  const member = members.find((one) => one.id === actor);
  if (member) return member.name;
  if (actor === "system") return "The system";
  if (actor.startsWith("operator:")) return `Operator ${actor.slice("operator:".length)}`;
  return shortenId(actor);
}

export function useActorName(): (actor: string) => string {
  const members = useMembers();
  const own = useSession().member.id;
  return (actor) => actorName(actor, members, own);
}
