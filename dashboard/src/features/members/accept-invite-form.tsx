/** Accepts an invite: a name, and a password for the new account. */
import { Button, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { focusFirst, FormProblems, showProblems } from "@/components/form-problems";
import { checkPassword, NewPasswordInput } from "@/components/new-password";
import { asksForCode, codeOf, SecondFactorInput } from "@/components/second-factor-input";
import { useState } from "react";
import type { Session } from "@/lib/api-types";
import { isStatus } from "@/lib/errors";
import { useAcceptInvite } from "./api";

const LABELS = { name: "Your name", password: "Password", code: "Code" };

interface AcceptInviteFormProps {
  token: string;
  onDone: (session: Session) => void;
}

export function AcceptInviteForm({ token, onDone }: AcceptInviteFormProps) {
  const accept = useAcceptInvite();
  const [needsCode, setNeedsCode] = useState(false);
  const form = useForm({
    initialValues: { name: "", password: "", code: "" },
    validate: { password: checkPassword },
  });
  const submit = form.onSubmit(
    (values) =>
      accept.mutate(
        { token, name: values.name, password: values.password, ...codeOf(values.code) },
        {
          onSuccess: onDone,
          onError: (error) => {
            setNeedsCode(needsCode || asksForCode(error));
            showProblems(form, error);
          },
        },
      ),
    focusFirst(form),
  );
  const failed = isStatus(accept.error, 404)
    ? "This invite no longer works: it was used, withdrawn, or is older than seven days. Ask for a new one."
    : "You have not joined yet.";
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label={LABELS.name}
          autoComplete="name"
          required
          autoFocus
          {...form.getInputProps("name")}
        />
        <NewPasswordInput
          description="At least 12 characters. If you have an account here already, use its password."
          {...form.getInputProps("password")}
        />
        {needsCode && <SecondFactorInput {...form.getInputProps("code")} />}
        <FormProblems form={form} labels={LABELS} error={accept.error} failed={failed} />
        <Button type="submit" loading={accept.isPending}>
          Join
        </Button>
      </Stack>
    </form>
  );
}
