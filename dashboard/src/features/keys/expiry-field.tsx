/** When a key ends by itself: never, in a round number of days, or on a day. */
import "@mantine/dates/styles.css";
import { Group, Select } from "@mantine/core";
import { DatePickerInput } from "@mantine/dates";
import { type ReactNode, useState } from "react";

const CHOICES = [
  { value: "never", label: "Never" },
  { value: "30", label: "In 30 days" },
  { value: "90", label: "In 90 days" },
  { value: "365", label: "In a year" },
  { value: "day", label: "On a day" },
];
const DAY_MS = 86_400_000;

function inDays(days: number): string {
  return new Date(Date.now() + days * DAY_MS).toISOString();
}

interface ExpiryFieldProps {
  value: string | null;
  onChange: (value: string | null) => void;
  error?: ReactNode;
}

export function ExpiryField({ value, onChange, error }: ExpiryFieldProps) {
  const [choice, setChoice] = useState(value ? "day" : "never");
  const choose = (next: string) => {
    setChoice(next);
    if (next === "never") onChange(null);
    else if (next !== "day") onChange(inDays(Number(next)));
  };
  return (
    <Group align="flex-start" gap="xs">
      <Select
        label="Expires"
        description="You are told 30, 14, 7 and 1 days before."
        data={CHOICES}
        value={choice}
        onChange={(next) => choose(next ?? "never")}
        allowDeselect={false}
        error={error}
        w={260}
      />
      {choice === "day" && (
        <DatePickerInput
          label="Last day"
          placeholder="Pick the day"
          valueFormat="D MMM YYYY"
          weekendDays={[]}
          minDate={new Date(Date.now() + DAY_MS)}
          value={value ? new Date(value) : null}
          onChange={(day) => onChange(day ? endOfDay(day) : null)}
          w={180}
        />
      )}
    </Group>
  );
}

/** The key works through the day that was picked, in the viewer's zone. */
function endOfDay(day: string): string {
  return new Date(`${day.slice(0, 10)}T23:59:59`).toISOString();
}
