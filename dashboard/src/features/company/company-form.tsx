/** The company's name, zone, currency, and what happens to a key that somebody reports as leaked. */
import { Button, Group, Radio, Stack, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { focusFirst, FormProblems, showProblems } from "@/components/form-problems";
import { notifyDone } from "@/components/notify";
import { LongSelect } from "@/components/long-select";
import { useDraft } from "@/components/use-draft";
import type { Company } from "@/lib/api-types";
import { CURRENCIES, TIME_ZONES } from "@/lib/places";
import { useSaveCompany } from "./api";

const LABELS = {
  name: "Name",
  timeZone: "Time zone",
  currency: "Currency",
  leakPolicy: "When a key is reported as leaked",
};

interface CompanyFormProps {
  company: Company;
  isReadOnly: boolean;
}

export function CompanyForm({ company, isReadOnly }: CompanyFormProps) {
  const save = useSaveCompany();
  const { name, timeZone, currency, leakPolicy } = company;
  const form = useForm({ initialValues: { name, timeZone, currency, leakPolicy } });
  const draft = useDraft("company", form, ["name", "timeZone", "currency", "leakPolicy"]);
  const submit = form.onSubmit(
    (values) =>
      save.mutate(values, {
        onSuccess: () => {
          draft.forget();
          form.resetDirty();
          notifyDone("The company was saved.");
        },
        onError: (error) => showProblems(form, error),
      }),
    focusFirst(form),
  );
  return (
    <form onSubmit={submit}>
      <Stack maw={520}>
        <TextInput
          label={LABELS.name}
          required
          disabled={isReadOnly}
          {...form.getInputProps("name")}
        />
        <LongSelect
          label={LABELS.timeZone}
          description="For schedules and daily reports. Times in the dashboard are in your own zone."
          data={TIME_ZONES}
          disabled={isReadOnly}
          {...form.getInputProps("timeZone")}
        />
        <LongSelect
          label={LABELS.currency}
          data={CURRENCIES}
          disabled={isReadOnly}
          {...form.getInputProps("currency")}
        />
        <Radio.Group label={LABELS.leakPolicy} {...form.getInputProps("leakPolicy")}>
          <Stack gap="xs" mt={6}>
            <Radio
              value="revoke"
              label="Revoke it at once"
              description="Safest. Applications that use it stop until they have a new one."
              disabled={isReadOnly}
            />
            <Radio
              value="read_only"
              label="Cut it to its read scopes"
              description="Reading goes on; nothing can be changed or started with it."
              disabled={isReadOnly}
            />
          </Stack>
        </Radio.Group>
        <FormProblems form={form} labels={LABELS} error={save.error} failed="Nothing was saved." />
        {!isReadOnly && (
          <Group>
            <Button type="submit" loading={save.isPending} disabled={!form.isDirty()}>
              Save changes
            </Button>
          </Group>
        )}
      </Stack>
    </form>
  );
}
