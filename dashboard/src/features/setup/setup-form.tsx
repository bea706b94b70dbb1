/** The first company and its owner, made with the one-time set-up link. */
import { Button, Divider, Group, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { focusFirst, FormProblems, showProblems } from "@/components/form-problems";
import { checkPassword, NewPasswordInput } from "@/components/new-password";
import { LongSelect } from "@/components/long-select";
import { asksForCode, codeOf, SecondFactorInput } from "@/components/second-factor-input";
import { useDraft } from "@/components/use-draft";
import { api, dataOf } from "@/lib/api";
import type { Session } from "@/lib/api-types";
import { isStatus } from "@/lib/errors";
import { CURRENCIES, TIME_ZONES } from "@/lib/places";

const LABELS = {
  company: "Company name",
  timeZone: "Time zone",
  currency: "Currency",
  name: "Your name",
  email: "E-mail",
  password: "Password",
  code: "Code",
};

interface SetupValues {
  company: string;
  timeZone: string;
  currency: string;
  name: string;
  email: string;
  password: string;
  code: string;
}

function bodyOf(token: string, values: SetupValues) {
  const { name, email, password } = values;
  const company = { name: values.company, timeZone: values.timeZone, currency: values.currency };
  return { token, company, owner: { name, email, password, ...codeOf(values.code) } };
}

interface SetupFormProps {
  token: string;
  onDone: (session: Session) => void;
}

export function SetupForm({ token, onDone }: SetupFormProps) {
  const form = useForm<SetupValues>({
    initialValues: {
      company: "",
      timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC",
      currency: "USD",
      name: "",
      email: "",
      password: "",
      code: "",
    },
    validate: { password: checkPassword },
  });
  const draft = useDraft("setup", form, ["company", "timeZone", "currency", "name", "email"]);
  const [needsCode, setNeedsCode] = useState(false);
  const setUp = useMutation({
    mutationFn: (values: SetupValues) =>
      dataOf(api.POST("/api/v1/admin/setup", { body: bodyOf(token, values) })),
    onSuccess: (session) => {
      draft.forget();
      onDone(session);
    },
    onError: (error) => {
      setNeedsCode(needsCode || asksForCode(error));
      showProblems(form, error);
    },
  });
  const failed = isStatus(setUp.error, 404)
    ? "This link no longer works: it was used, or it is older than an hour. Print a fresh one with `justpaid setup-link`."
    : "Nothing was made.";
  return (
    <form onSubmit={form.onSubmit((values) => setUp.mutate(values), focusFirst(form))}>
      <Stack>
        <TextInput label={LABELS.company} required autoFocus {...form.getInputProps("company")} />
        <Group grow align="flex-start">
          <LongSelect
            label={LABELS.timeZone}
            description="For schedules and daily reports"
            data={TIME_ZONES}
            {...form.getInputProps("timeZone")}
          />
          <LongSelect
            label={LABELS.currency}
            description="The default of amounts"
            data={CURRENCIES}
            {...form.getInputProps("currency")}
          />
        </Group>
        <Divider label="You, its owner" labelPosition="left" />
        <TextInput
          label={LABELS.name}
          autoComplete="name"
          required
          {...form.getInputProps("name")}
        />
        <TextInput
          label={LABELS.email}
          type="email"
          autoComplete="username"
          required
          {...form.getInputProps("email")}
        />
        <NewPasswordInput {...form.getInputProps("password")} />
        {needsCode && <SecondFactorInput {...form.getInputProps("code")} />}
        <FormProblems form={form} labels={LABELS} error={setUp.error} failed={failed} />
        <Button type="submit" loading={setUp.isPending}>
          Create company and owner
        </Button>
      </Stack>
    </form>
  );
}
