/** Values that workflows read as `env.NAME`: set, changed and deleted one by one. */
import { Button, Group, VisuallyHidden } from "@mantine/core";
import { IconVariable } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { type Column, DataTable } from "@/components/data-table";
import { EmptyState } from "@/components/empty-state";
import { notifyDone } from "@/components/notify";
import type { EnvironmentValue } from "@/lib/api-types";
import { environmentQuery, useDeleteEnvironmentValue } from "./api";
import { EnvironmentDialog } from "./environment-dialog";

type Edited = EnvironmentValue | "new" | null;

interface EnvironmentTableProps {
  isReadOnly: boolean;
}

export function EnvironmentTable({ isReadOnly }: EnvironmentTableProps) {
  const values = useQuery(environmentQuery);
  const [edited, setEdited] = useState<Edited>(null);
  const [deleted, setDeleted] = useState<EnvironmentValue | null>(null);
  const add = !isReadOnly && <Button onClick={() => setEdited("new")}>Add a value</Button>;
  const rows = values.data?.items ?? [];
  const columns: Column<EnvironmentValue>[] = [
    { id: "name", header: "Name", cell: (row) => <code>{row.name}</code> },
    { id: "value", header: "Value", cell: (row) => <code>{row.value}</code> },
    {
      id: "acts",
      header: <VisuallyHidden>Acts</VisuallyHidden>,
      align: "end",
      tight: true,
      cell: (row) =>
        !isReadOnly && (
          <Group gap={4} justify="flex-end">
            <Button variant="default" size="compact-sm" onClick={() => setEdited(row)}>
              Change
            </Button>
            <Button
              variant="subtle"
              color="red"
              size="compact-sm"
              aria-label={`Delete ${row.name}`}
              onClick={() => setDeleted(row)}
            >
              Delete
            </Button>
          </Group>
        ),
    },
  ];
  return (
    <>
      <DataTable
        caption="Environment values"
        columns={columns}
        rows={rows}
        rowKey={(row) => row.name}
        state={values}
        empty={
          <EmptyState icon={IconVariable} title="No environment values" action={add}>
            What differs between installations, such as an address or a threshold: workflows read it
            as <code>env.NAME</code>. Not for secrets.
          </EmptyState>
        }
      />
      {rows.length > 0 && <Group mt="sm">{add}</Group>}
      {edited && (
        <EnvironmentDialog
          edited={edited === "new" ? null : edited}
          onClose={() => setEdited(null)}
        />
      )}
      {deleted && <DeleteDialog deleted={deleted} onClose={() => setDeleted(null)} />}
    </>
  );
}

interface DeleteDialogProps {
  deleted: EnvironmentValue;
  onClose: () => void;
}

function DeleteDialog({ deleted, onClose }: DeleteDialogProps) {
  const remove = useDeleteEnvironmentValue();
  const confirm = () =>
    remove.mutate(deleted.name, {
      onSuccess: () => {
        onClose();
        notifyDone(`${deleted.name} is deleted.`);
      },
    });
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={`Delete ${deleted.name}?`}
      verb="Delete value"
      failed="The value is still there."
      onConfirm={confirm}
      isPending={remove.isPending}
      error={remove.error}
    >
      Workflows that read <code>env.{deleted.name}</code> will find nothing there.
    </ConfirmDialog>
  );
}
