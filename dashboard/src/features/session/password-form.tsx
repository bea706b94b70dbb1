/** Changes one's own password; every other session ends with it. */
import { Button, PasswordInput, Stack } from "@mantine/core";
import { useForm } from "@mantine/form";
import { focusFirst, FormProblems, showProblems } from "@/components/form-problems";
import { checkPassword, NewPasswordInput } from "@/components/new-password";
import { notifyDone } from "@/components/notify";
import { useChangePassword } from "./api";

const LABELS = { current: "Current password", new: "New password" };

export function PasswordForm() {
  const change = useChangePassword();
  const form = useForm({
    initialValues: { current: "", new: "" },
    validate: { new: checkPassword },
  });
  const submit = form.onSubmit(
    (values) =>
      change.mutate(values, {
        onSuccess: () => {
          form.reset();
          notifyDone("Your password was changed. All your other sessions ended.");
        },
        onError: (error) => showProblems(form, error),
      }),
    focusFirst(form),
  );
  return (
    <form onSubmit={submit}>
      <Stack maw={420}>
        <PasswordInput
          label={LABELS.current}
          autoComplete="current-password"
          required
          {...form.getInputProps("current")}
        />
        <NewPasswordInput label={LABELS.new} {...form.getInputProps("new")} />
        <FormProblems
          form={form}
          labels={LABELS}
          error={change.error}
          failed="Your password was not changed."
        />
        <div>
          <Button type="submit" loading={change.isPending}>
            Change password
          </Button>
        </div>
      </Stack>
    </form>
  );
}
