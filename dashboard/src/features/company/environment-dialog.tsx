/** Sets one environment value. */
import { Button, Group, Modal, Stack, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { focusFirst, FormProblems, showProblems } from "@/components/form-problems";
import { notifyDone } from "@/components/notify";
import type { EnvironmentValue } from "@/lib/api-types";
import { useSetEnvironmentValue } from "./api";

const NAME = /^[A-Z][A-Z0-9_]*$/;
const MOST_BYTES = 4096;
const LABELS = { name: "Name", value: "Value" };

interface EnvironmentDialogProps {
  edited: EnvironmentValue | null;
  onClose: () => void;
}

export function EnvironmentDialog({ edited, onClose }: EnvironmentDialogProps) {
  const set = useSetEnvironmentValue();
  const form = useForm({
    initialValues: { name: edited?.name ?? "", value: edited?.value ?? "" },
    validate: {
      name: (name) =>
        NAME.test(name) ? null : "Capital letters, digits and _, beginning with a letter.",
      value: (value) =>
        new TextEncoder().encode(value).length <= MOST_BYTES ? null : "At most 4 KiB.",
    },
  });
  const submit = form.onSubmit(
    (values) =>
      set.mutate(values, {
        onSuccess: () => {
          onClose();
          notifyDone(`${values.name} is set.`);
        },
        onError: (error) => showProblems(form, error),
      }),
    focusFirst(form),
  );
  return (
    <Modal opened onClose={onClose} title={edited ? `Change ${edited.name}` : "Add a value"}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <TextInput
            label={LABELS.name}
            description="Such as BILLING_API_ADDRESS"
            required
            disabled={edited !== null}
            data-autofocus={edited === null || undefined}
            {...form.getInputProps("name")}
          />
          <Textarea
            label={LABELS.value}
            description="Seen by everyone who may read workflows. Secrets belong in connections."
            autosize
            minRows={2}
            maxRows={10}
            data-autofocus={edited !== null || undefined}
            {...form.getInputProps("value")}
          />
          <FormProblems form={form} labels={LABELS} error={set.error} failed="Nothing was set." />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={set.isPending}>
              Set value
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
