/** An id, shortened in its middle and copied whole. */
import { Group } from "@mantine/core";
import { shortenId } from "@/lib/format";
import { CopyIcon } from "./copy-button";

export function Identifier({ id, whole = false }: { id: string; whole?: boolean }) {
  return (
    <Group gap={4} wrap="nowrap" component="span" display="inline-flex">
      <code title={id}>{whole ? id : shortenId(id)}</code>
      <CopyIcon value={id} what={id} />
    </Group>
  );
}
