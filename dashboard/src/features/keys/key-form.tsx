/** What a key is: its name, scopes, expiry, and what narrows it further. Creating and editing share it. */
import { NumberInput, SimpleGrid, Stack, TagsInput, Textarea, TextInput } from "@mantine/core";
import type { UseFormReturnType } from "@mantine/form";
import type { Category, KeyDraft, Scope } from "@/lib/api-types";
import { CATEGORY_TEXT, DEFAULT_LIMITS } from "@/lib/scopes";
import { ExpiryField } from "./expiry-field";
import { ScopePicker } from "./scope-picker";

export interface KeyValues {
  name: string;
  scopes: Scope[];
  expiresAt: string | null;
  allowedIps: string[];
  limits: Record<Category, number | "">;
  note: string;
}

export const KEY_LABELS: Record<string, string> = {
  name: "Name",
  scopes: "Scopes",
  expiresAt: "Expires",
  allowedIps: "Allowed addresses",
  limits: "Limits",
  note: "Note",
};

export const KEY_FIELDS: (keyof KeyValues)[] = [
  "name",
  "scopes",
  "expiresAt",
  "allowedIps",
  "limits",
  "note",
];

export const EMPTY_KEY: KeyValues = {
  name: "",
  scopes: [],
  expiresAt: null,
  allowedIps: [],
  limits: { read: "", write: "", execute: "" },
  note: "",
};

export const KEY_CHECKS = {
  name: (name: string) => (name.trim() ? null : "Give the key a name that says where it is used."),
  scopes: (scopes: Scope[]) => (scopes.length > 0 ? null : "Choose at least one scope."),
};

/** What is sent: limits that were left empty stay the installation's. */
export function draftOf(values: KeyValues): KeyDraft {
  const limits = Object.fromEntries(
    Object.entries(values.limits).filter(([, limit]) => limit !== ""),
  ) as KeyDraft["limits"];
  return { ...values, name: values.name.trim(), limits };
}

const CATEGORIES: Category[] = ["read", "write", "execute"];

export function KeyFields({ form }: { form: UseFormReturnType<KeyValues> }) {
  return (
    <Stack gap="lg">
      <TextInput
        label={KEY_LABELS.name}
        description="Where it is used: “Billing worker, production”"
        required
        maxLength={255}
        {...form.getInputProps("name")}
      />
      <ScopePicker
        path="scopes"
        value={form.values.scopes}
        error={form.errors.scopes}
        onChange={(scopes) => form.setFieldValue("scopes", scopes)}
      />
      <ExpiryField
        value={form.values.expiresAt}
        error={form.errors.expiresAt}
        onChange={(expiresAt) => form.setFieldValue("expiresAt", expiresAt)}
      />
      <TagsInput
        label={KEY_LABELS.allowedIps}
        description="Addresses or networks such as 192.0.2.0/24; empty means any. Enter adds one."
        splitChars={[",", " "]}
        clearable
        {...form.getInputProps("allowedIps")}
      />
      <fieldset style={{ border: 0, margin: 0, padding: 0, minWidth: 0 }}>
        <legend style={{ marginBottom: 6 }}>Requests a minute, if other than the usual</legend>
        <SimpleGrid cols={{ base: 1, xs: 3 }}>
          {CATEGORIES.map((category) => (
            <NumberInput
              key={category}
              label={CATEGORY_TEXT[category]}
              placeholder={String(DEFAULT_LIMITS[category])}
              min={1}
              max={1_000_000}
              allowDecimal={false}
              thousandSeparator=","
              {...form.getInputProps(`limits.${category}`)}
            />
          ))}
        </SimpleGrid>
      </fieldset>
      <Textarea
        label={KEY_LABELS.note}
        description="For your colleagues: who runs it, where it is stored"
        autosize
        minRows={2}
        maxLength={2000}
        {...form.getInputProps("note")}
      />
    </Stack>
  );
}
