/** The second factor where somebody proves an account they have already: a code, or a recovery code. */
import { TextInput, type TextInputProps } from "@mantine/core";
import { ApiError } from "@/lib/errors";

/** Whether a refusal says that the password was right and a code is missing or wrong. */
export function asksForCode(error: unknown): boolean {
  return error instanceof ApiError && error.details.some((detail) => detail.field === "totp");
}

/** Tells an authenticator's six digits from a recovery code; nothing typed is neither. */
export function codeOf(text: string): { totp?: string; recoveryCode?: string } {
  const code = text.trim();
  if (code === "") return {};
  return /^\d{6}$/.test(code) ? { totp: code } : { recoveryCode: code };
}

export function SecondFactorInput(props: TextInputProps) {
  return (
    <TextInput
      label="Code"
      description="Six digits from your authenticator app, or a recovery code"
      autoComplete="one-time-code"
      spellCheck={false}
      required
      {...props}
    />
  );
}
