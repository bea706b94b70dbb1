/** Sets a new password with a reset link. */
import { Button, Stack, Text } from "@mantine/core";
import { useForm } from "@mantine/form";
import { ButtonLink } from "@/components/links";
import { focusFirst, FormProblems, showProblems } from "@/components/form-problems";
import { checkPassword, NewPasswordInput } from "@/components/new-password";
import { useRedeemReset } from "./api";

export function RedeemResetForm({ token }: { token: string }) {
  const redeem = useRedeemReset();
  const form = useForm({ initialValues: { password: "" }, validate: { password: checkPassword } });
  if (redeem.isSuccess) {
    return (
      <Stack>
        <Text role="status">Your password is set, and all your sessions have ended.</Text>
        <ButtonLink to="/sign-in">Sign in</ButtonLink>
      </Stack>
    );
  }
  const submit = form.onSubmit(
    ({ password }) =>
      redeem.mutate({ token, password }, { onError: (error) => showProblems(form, error) }),
    focusFirst(form),
  );
  return (
    <form onSubmit={submit}>
      <Stack>
        <NewPasswordInput label="New password" autoFocus {...form.getInputProps("password")} />
        <FormProblems
          form={form}
          labels={{ password: "New password" }}
          error={redeem.error}
          failed="Your password was not changed."
        />
        <Button type="submit" loading={redeem.isPending}>
          Set password
        </Button>
      </Stack>
    </form>
  );
}
