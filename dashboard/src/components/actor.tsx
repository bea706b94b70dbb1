/** Who did something, by name where the name is known. */
import { useActorName } from "@/lib/people";

export function Actor({ actor }: { actor: string }) {
  const nameOf = useActorName();
  return <span title={actor}>{nameOf(actor)}</span>;
}
