/** A new password: the one rule said before, how far it is met said while typing. */
import { PasswordInput, type PasswordInputProps } from "@mantine/core";

export const MIN_PASSWORD_LENGTH = 12;

export function checkPassword(value: string): string | null {
  return value.length < MIN_PASSWORD_LENGTH
    ? `Use at least ${MIN_PASSWORD_LENGTH} characters; this has ${value.length}.`
    : null;
}

export function NewPasswordInput(props: PasswordInputProps) {
  return (
    <PasswordInput
      label="Password"
      description={`At least ${MIN_PASSWORD_LENGTH} characters, and none of the common ones. A few words are good.`}
      autoComplete="new-password"
      required
      {...props}
    />
  );
}
