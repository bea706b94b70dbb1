/** One act in full: who, where from, what it changed, and its place in the chain. */
import { Drawer, Text } from "@mantine/core";
import { Actor } from "@/components/actor";
import { Facts } from "@/components/facts";
import { Identifier } from "@/components/identifier";
import { Time } from "@/components/time";
import type { AuditRow } from "@/lib/api-types";
import { words } from "@/lib/format";
import classes from "./audit.module.css";
import { changesOf } from "./changes";

interface AuditDrawerProps {
  row: AuditRow | undefined;
  onClose: () => void;
}

export function AuditDrawer({ row, onClose }: AuditDrawerProps) {
  return (
    <Drawer
      opened={row !== undefined}
      onClose={onClose}
      position="right"
      size="lg"
      title={row ? words(row.action) : ""}
    >
      {row && <Details row={row} />}
    </Drawer>
  );
}

function Details({ row }: { row: AuditRow }) {
  const changes = changesOf(row.before, row.after);
  return (
    <>
      <Facts
        facts={[
          ["When", <Time key="at" value={row.at} exact />],
          ["By", <Actor key="by" actor={row.actor} />],
          ["On", <Identifier key="on" id={row.object} />],
          ["Address", row.ip ? <code key="ip">{row.ip}</code> : "none"],
          ["Request id", row.requestId ? <Identifier key="req" id={row.requestId} /> : "none"],
          ["Row", <Identifier key="row" id={row.id} />],
        ]}
      />
      {changes.length > 0 ? (
        <table className={classes.changes}>
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Before</th>
              <th scope="col">After</th>
            </tr>
          </thead>
          <tbody>
            {changes.map((change) => (
              <tr key={change.field}>
                <td>
                  <code>{change.field}</code>
                </td>
                <td className={classes.before}>{change.before}</td>
                <td>{change.after}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        <Text c="dimmed">This act changed no field.</Text>
      )}
      <Text size="sm" c="dimmed" mt="lg">
        Chained as <code>{row.hash}</code>
      </Text>
    </>
  );
}
