/** Changes what a key is and may do; saved only if nobody else changed it meanwhile. */
import { Button, Group, Select, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { focusFirst, FormProblems, showProblems } from "@/components/form-problems";
import { notifyDone } from "@/components/notify";
import { useDraft } from "@/components/use-draft";
import type { Key } from "@/lib/api-types";
import { ApiError } from "@/lib/errors";
import { useMembers } from "@/lib/people";
import { useEditKey } from "./api";
import { draftOf, KEY_CHECKS, KEY_FIELDS, KEY_LABELS, KeyFields, type KeyValues } from "./key-form";

type EditValues = KeyValues & { owner: string };

const CHANGED_MEANWHILE =
  "Nothing was saved: somebody changed this key meanwhile. Note what you typed, then reload it.";

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

interface Version {
  value: Key;
  etag: string | null;
}

interface EditKeyProps extends Version {
  /** Asks for the key as it is now. */
  onReload: () => Promise<Version | undefined>;
}

/** Holds the version that the form was opened on, so that a save never overwrites a newer one unseen. */
export function EditKey({ value, etag, onReload }: EditKeyProps) {
  const [opened, setOpened] = useState<Version>({ value, etag });
  const reload = async () => {
    const now = await onReload();
    if (now) setOpened(now);
  };
  return (
    <EditKeyForm
      key={opened.etag}
      edited={opened.value}
      etag={opened.etag}
      onSaved={setOpened}
      onReload={() => void reload()}
    />
  );
}

interface EditKeyFormProps {
  edited: Key;
  etag: string | null;
  onSaved: (saved: Version) => void;
  onReload: () => void;
}

function EditKeyForm({ edited, etag, onSaved, onReload }: EditKeyFormProps) {
  const edit = useEditKey(edited.id, etag);
  const members = useMembers();
  const form = useForm<EditValues>({
    initialValues: { ...valuesOf(edited), owner: edited.owner },
    validate: KEY_CHECKS,
  });
  const draft = useDraft(`key.${edited.id}.${etag ?? ""}`, form, [...KEY_FIELDS, "owner"]);
  const submit = form.onSubmit(
    ({ owner, ...values }) =>
      edit.mutate(
        { ...changesOf(form, values), ...(form.isDirty("owner") ? { owner } : {}) },
        {
          onSuccess: (saved) => {
            draft.forget();
            onSaved(saved);
            notifyDone("The key was saved. Requests are judged by it from now on.");
          },
          onError: (error) => showProblems(form, error),
        },
      ),
    focusFirst(form),
  );
  const isConflict = edit.error instanceof ApiError && edit.error.code === "CONFLICT";
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
          {isConflict ? (
            <Button variant="default" onClick={onReload}>
              Reload the key
            </Button>
          ) : (
            <Button variant="default" onClick={form.reset} disabled={!form.isDirty()}>
              Discard
            </Button>
          )}
        </Group>
      </Stack>
    </form>
  );
}
