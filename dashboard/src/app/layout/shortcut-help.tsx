/** The list of shortcuts, and the switch that turns single keys off. */
import { Group, Kbd, Modal, Stack, Switch, Table } from "@mantine/core";
import { useState } from "react";
import type { Session } from "@/lib/api-types";
import { useCurrentPageActs } from "@/lib/page-acts";
import { areSingleKeysOn, commandKey, setSingleKeys } from "@/lib/preferences";
import { visiblePlaces } from "../navigation";

function Keys({ keys }: { keys: string[] }) {
  return (
    <Group gap={4}>
      {keys.map((key) => (
        <Kbd key={key}>{key}</Kbd>
      ))}
    </Group>
  );
}

export function ShortcutHelp({ session, onClose }: { session: Session; onClose: () => void }) {
  const [isOn, setOn] = useState(areSingleKeysOn);
  const acts = useCurrentPageActs().filter((act) => act.key);
  const rows: [string, string[]][] = [
    ["Command palette", [commandKey(), "K"]],
    ["This list", ["?"]],
    ["Search in the list", ["/"]],
    ["Next, previous row", ["↓", "↑"]],
    ...acts.map((act): [string, string[]] => [act.label, [act.key ?? ""]]),
    ...visiblePlaces(session).map((place): [string, string[]] => [
      `Go to ${place.label}`,
      ["g", place.letter],
    ]),
  ];
  return (
    <Modal opened onClose={onClose} title="Keyboard shortcuts" size="md">
      <Stack>
        <Table verticalSpacing={6}>
          <Table.Tbody>
            {rows.map(([name, keys]) => (
              <Table.Tr key={name}>
                <Table.Td>{name}</Table.Td>
                <Table.Td>
                  <Keys keys={keys} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        <Switch
          label="Single-key shortcuts"
          description="Turn off if you dictate, or press keys by accident. The palette stays."
          checked={isOn}
          onChange={(event) => {
            setSingleKeys(event.currentTarget.checked);
            setOn(event.currentTarget.checked);
          }}
        />
      </Stack>
    </Modal>
  );
}
