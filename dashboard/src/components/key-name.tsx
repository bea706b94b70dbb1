/** A key by its name, wherever only its id is told. */
import { useQuery } from "@tanstack/react-query";
import { keyNameQuery, keyNamesQuery } from "@/lib/key-names";

export function KeyName({ id }: { id: string }) {
  const names = useQuery(keyNamesQuery);
  const known = names.data?.get(id);
  const isAsked = names.data !== undefined && known === undefined;
  const asked = useQuery({ ...keyNameQuery(id), enabled: isAsked });
  return known ?? asked.data ?? "a key";
}
