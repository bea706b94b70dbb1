/** Changes what a key is and may do; saved only if nobody else changed it meanwhile. */
import { Button, Group, Select, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import { FormProblems, showProblems } from "@/components/form-problems";
import { notifyDone } from "@/components/notify";
import type { Key } from "@/lib/api-types";
import { useMembers } from "@/lib/people";
import { useEditKey } from "./api";
import { draftOf, KEY_CHECKS, KEY_LABELS, KeyFields, type KeyValues } from "./key-form";

const CHANGED_MEANWHILE =
  "Nothing was saved: somebody changed this key meanwhile. Reload to see it as it is now.";

function valuesOf(edited: Key): KeyValues {
  const { name, scopes, expiresAt, limits, note } = edited;
  return {
    name,
    scopes,
    expiresAt,
    allowedIps: edited.allowedIps ?? [],
    limits: {
      read: limits?.read ?? "",
      write: limits?.write ?? "",
      execute: limits?.execute ?? "",
    },
    note: note ?? "",
  };
}

/** Only what was changed is sent, so that the audit log says only that. */
function changesOf(form: { isDirty: (path: string) => boolean }, values: KeyValues) {
  return Object.fromEntries(
    Object.entries(draftOf(values)).filter(([field]) => form.isDirty(field)),
  );
}

export function EditKeyForm({ edited, etag }: { edited: Key; etag: string | null }) {
  const edit = useEditKey(edited.id, etag);
  const members = useMembers();
  const form = useForm<KeyValues & { owner: string }>({
    initialValues: { ...valuesOf(edited), owner: edited.owner },
    validate: KEY_CHECKS,
  });
  const submit = form.onSubmit(({ owner, ...values }) =>
    edit.mutate(
      { ...changesOf(form, values), ...(form.isDirty("owner") ? { owner } : {}) },
      {
        onSuccess: (saved) => {
          form.setInitialValues({ ...valuesOf(saved), owner: saved.owner });
          form.reset();
          notifyDone("The key was saved. Requests are judged by it from now on.");
        },
        onError: (error) => showProblems(form, error),
      },
    ),
  );
  const isConflict = edit.error && "code" in edit.error && edit.error.code === "CONFLICT";
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="lg" maw={720}>
        <KeyFields form={form as never} />
        <Select
          label="Owner"
          description="Who answers for the key, and hears about it"
          data={members.map((member) => ({ value: member.id, label: member.name }))}
          placeholder={edited.owner}
          searchable
          allowDeselect={false}
          {...form.getInputProps("owner")}
        />
        <FormProblems
          form={form}
          labels={KEY_LABELS}
          error={edit.error}
          failed={isConflict ? CHANGED_MEANWHILE : "The key was not changed."}
        />
        <Group gap="xs">
          <Button type="submit" loading={edit.isPending} disabled={!form.isDirty()}>
            Save changes
          </Button>
          <Button variant="default" onClick={form.reset} disabled={!form.isDirty()}>
            Discard
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
