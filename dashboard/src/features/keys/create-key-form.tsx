/** Makes a key. */
import { Button, Group, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import { focusFirst, FormProblems, showProblems } from "@/components/form-problems";
import { ButtonLink } from "@/components/links";
import { useDraft } from "@/components/use-draft";
import type { KeyWithSecret } from "@/lib/api-types";
import { useCreateKey } from "./api";
import {
  draftOf,
  EMPTY_KEY,
  KEY_CHECKS,
  KEY_FIELDS,
  KEY_LABELS,
  KeyFields,
  type KeyValues,
} from "./key-form";

export function CreateKeyForm({ onCreated }: { onCreated: (key: KeyWithSecret) => void }) {
  const form = useForm<KeyValues>({ initialValues: EMPTY_KEY, validate: KEY_CHECKS });
  const draft = useDraft("new-key", form, KEY_FIELDS);
  const create = useCreateKey((key) => {
    draft.forget();
    onCreated(key);
  });
  const submit = form.onSubmit(
    (values) =>
      create.mutate(draftOf(values), {
        onSuccess: create.reset,
        onError: (error) => showProblems(form, error),
      }),
    focusFirst(form),
  );
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="lg">
        <KeyFields form={form} />
        <FormProblems
          form={form}
          labels={KEY_LABELS}
          error={create.error}
          failed="The key was not created."
        />
        <Group gap="xs">
          <Button type="submit" loading={create.isPending}>
            Create key
          </Button>
          <ButtonLink to="/keys" variant="default" onClick={draft.forget}>
            Cancel
          </ButtonLink>
        </Group>
      </Stack>
    </form>
  );
}
