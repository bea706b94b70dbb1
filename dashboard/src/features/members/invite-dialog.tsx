/** Invites someone: the link is shown once for copying, and mailed where mail is set up. */
import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useState } from "react";
import { focusFirst, FormProblems, showProblems } from "@/components/form-problems";
import { SecretField } from "@/components/secret-field";
import { ShownOnce } from "@/components/shown-once";
import { useDraft } from "@/components/use-draft";
import type { Role } from "@/lib/api-types";
import { words } from "@/lib/format";
import { useInvite } from "./api";
import { RolePicker } from "./role-picker";

interface Made {
  email: string;
  link: string;
}

export function InviteDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const [made, setMade] = useState<Made | null>(null);
  return (
    <>
      <Modal opened={opened && !made} onClose={onClose} title="Invite someone">
        <InviteForm
          onCancel={onClose}
          onMade={(next) => {
            setMade(next);
            onClose();
          }}
        />
      </Modal>
      <ShownOnce
        opened={made !== null}
        title="Send this link"
        stored="I have copied the link"
        onStored={() => setMade(null)}
      >
        {made && (
          <>
            <Text>
              Send it to <strong>{made.email}</strong> over a channel you trust. It works once,
              within seven days, and is not shown again.
            </Text>
            <SecretField value={made.link} label="Invite link" />
          </>
        )}
      </ShownOnce>
    </>
  );
}

interface InviteFormProps {
  onCancel: () => void;
  onMade: (made: Made) => void;
}

function InviteForm({ onCancel, onMade }: InviteFormProps) {
  const invite = useInvite();
  const form = useForm<{ email: string; role: Role }>({
    initialValues: { email: "", role: "viewer" },
  });
  const draft = useDraft("invite", form, ["email", "role"]);
  const submit = form.onSubmit(
    (values) =>
      invite.mutate(values, {
        onSuccess: ({ link }) => {
          draft.forget();
          invite.reset();
          if (link) onMade({ email: values.email, link });
        },
        onError: (error) => showProblems(form, error),
      }),
    focusFirst(form),
  );
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label="E-mail"
          type="email"
          required
          data-autofocus
          {...form.getInputProps("email")}
        />
        <RolePicker
          value={form.values.role}
          onChange={(role) => form.setFieldValue("role", role)}
        />
        <FormProblems
          form={form}
          labels={{ email: "E-mail", role: "Role" }}
          error={invite.error}
          failed="Nobody was invited."
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <Button type="submit" loading={invite.isPending}>
            Invite as {words(form.values.role).toLowerCase()}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
