/** Sign-in: e-mail and password, then the second factor only where the person has one. */
import { Anchor, Button, PasswordInput, PinInput, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { ErrorNotice } from "@/components/error-notice";
import { asksForCode } from "@/components/second-factor-input";
import { api, dataOf } from "@/lib/api";
import type { Session } from "@/lib/api-types";

interface SignInValues {
  email: string;
  password: string;
  totp: string;
  recoveryCode: string;
}
type Step = "password" | "totp" | "recoveryCode";

const TOTP_LENGTH = 6;

function bodyOf(values: SignInValues, step: Step) {
  const { email, password, totp, recoveryCode } = values;
  if (step === "totp") return { email, password, totp };
  if (step === "recoveryCode") return { email, password, recoveryCode: recoveryCode.trim() };
  return { email, password };
}

export function SignInForm({ onSignedIn }: { onSignedIn: (session: Session) => void }) {
  const [step, setStep] = useState<Step>("password");
  const form = useForm<SignInValues>({
    initialValues: { email: "", password: "", totp: "", recoveryCode: "" },
  });
  const signIn = useMutation({
    mutationFn: (values: SignInValues) =>
      dataOf(api.POST("/api/v1/admin/session", { body: bodyOf(values, step) })),
    onSuccess: onSignedIn,
    onError: (error) => {
      if (step === "password" && asksForCode(error)) setStep("totp");
    },
  });
  const isFirstAsk = step === "totp" && asksForCode(signIn.error) && form.values.totp === "";
  const switchTo = (next: Step) => {
    signIn.reset();
    setStep(next);
  };
  return (
    <form onSubmit={form.onSubmit((values) => signIn.mutate(values))}>
      <Stack>
        {step === "password" && (
          <>
            <TextInput
              label="E-mail"
              type="email"
              autoComplete="username"
              required
              autoFocus
              {...form.getInputProps("email")}
            />
            <PasswordInput
              label="Password"
              autoComplete="current-password"
              required
              {...form.getInputProps("password")}
            />
          </>
        )}
        {step === "totp" && (
          <TotpField
            value={form.values.totp}
            onChange={(value) => form.setFieldValue("totp", value)}
            onComplete={(totp) => signIn.mutate({ ...form.values, totp })}
          />
        )}
        {step === "recoveryCode" && (
          <TextInput
            label="Recovery code"
            description="One of the codes you stored when you set up two-step sign-in. Each works once."
            autoComplete="off"
            spellCheck={false}
            required
            autoFocus
            {...form.getInputProps("recoveryCode")}
          />
        )}
        {!isFirstAsk && <ErrorNotice error={signIn.error} failed="You are not signed in." />}
        <Button type="submit" loading={signIn.isPending} fullWidth>
          {step === "password" ? "Sign in" : "Verify and sign in"}
        </Button>
        {step !== "password" && <OtherWays step={step} onSwitch={switchTo} />}
      </Stack>
    </form>
  );
}

interface TotpFieldProps {
  value: string;
  onChange: (value: string) => void;
  onComplete: (value: string) => void;
}

function TotpField({ value, onChange, onComplete }: TotpFieldProps) {
  return (
    <div role="group" aria-label="Six-digit code">
      <Text fw={500} mb={4}>
        Six-digit code
      </Text>
      <PinInput
        length={TOTP_LENGTH}
        type="number"
        oneTimeCode
        autoFocus
        value={value}
        onChange={onChange}
        onComplete={onComplete}
        getInputProps={(index) => ({ "aria-label": `Digit ${index + 1}` })}
      />
      <Text size="sm" c="dimmed" mt={4}>
        From your authenticator app.
      </Text>
    </div>
  );
}

function OtherWays({ step, onSwitch }: { step: Step; onSwitch: (step: Step) => void }) {
  const other: Step = step === "totp" ? "recoveryCode" : "totp";
  return (
    <Text size="sm">
      <Anchor component="button" type="button" size="sm" onClick={() => onSwitch(other)}>
        {other === "totp" ? "Use the authenticator app" : "Use a recovery code"}
      </Anchor>
      {" · "}
      <Anchor component="button" type="button" size="sm" onClick={() => onSwitch("password")}>
        Start again
      </Anchor>
    </Text>
  );
}
