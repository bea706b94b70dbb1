/** Filters as chips: each names itself, shows its value when set, and lives in the address. */
import { Button, Menu, Popover, TextInput, UnstyledButton } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconChevronDown, IconSearch, IconX } from "@tabler/icons-react";
import { type ReactNode, useEffect, useRef, useState } from "react";
import classes from "./filters.module.css";

export function FilterBar({
  children,
  onClear,
}: {
  children: ReactNode;
  onClear?: (() => void) | undefined;
}) {
  return (
    <div className={classes.bar} role="group" aria-label="Filters">
      {children}
      {onClear && (
        <Button
          variant="subtle"
          size="compact-sm"
          leftSection={<IconX size={14} />}
          onClick={onClear}
        >
          Clear filters
        </Button>
      )}
    </div>
  );
}

interface FilterChoiceProps {
  label: string;
  value: string | undefined;
  options: { value: string; label: string }[];
  onChange: (value: string | undefined) => void;
}

export function FilterChoice({ label, value, options, onChange }: FilterChoiceProps) {
  const chosen = options.find((option) => option.value === value);
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <UnstyledButton className={`${classes.chip} ${chosen ? classes.on : ""}`}>
          {label}
          {chosen && <b>{chosen.label}</b>}
          <IconChevronDown size={14} aria-hidden="true" />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown mah={320} style={{ overflowY: "auto" }}>
        <Menu.Item onClick={() => onChange(undefined)}>Any</Menu.Item>
        {options.map((option) => (
          <Menu.Item
            key={option.value}
            onClick={() => onChange(option.value)}
            fw={option.value === value ? 600 : 400}
          >
            {option.label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

interface FilterTextProps {
  label: string;
  value: string | undefined;
  help?: string;
  type?: "text" | "date";
  onChange: (value: string | undefined) => void;
}

export function FilterText({ label, value, help, type = "text", onChange }: FilterTextProps) {
  const [opened, setOpened] = useState(false);
  const [draft, setDraft] = useState("");
  const open = () => {
    setDraft(value ?? "");
    setOpened(true);
  };
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" trapFocus returnFocus>
      <Popover.Target>
        <UnstyledButton
          className={`${classes.chip} ${value ? classes.on : ""}`}
          onClick={() => (opened ? setOpened(false) : open())}
        >
          {label}
          {value && <b>{value}</b>}
          <IconChevronDown size={14} aria-hidden="true" />
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            onChange(draft.trim() || undefined);
            setOpened(false);
          }}
        >
          <TextInput
            label={label}
            description={help}
            type={type}
            value={draft}
            data-autofocus
            onChange={(event) => setDraft(event.currentTarget.value)}
          />
          <Button type="submit" size="xs" mt="xs" fullWidth>
            Apply
          </Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}

const TYPING_MS = 250;

interface SearchFilterProps {
  label: string;
  value: string | undefined;
  onChange: (value: string | undefined) => void;
}

export function SearchFilter({ label, value, onChange }: SearchFilterProps) {
  const [text, setText] = useState(value ?? "");
  const sent = useRef(value);
  const send = useDebouncedCallback((next: string) => {
    sent.current = next || undefined;
    onChange(next || undefined);
  }, TYPING_MS);
  useEffect(() => {
    if (value !== sent.current) setText(value ?? "");
    sent.current = value;
  }, [value]);
  return (
    <TextInput
      className={classes.search}
      aria-label={label}
      placeholder={label}
      type="search"
      size="sm"
      leftSection={<IconSearch size={16} />}
      value={text}
      data-search
      onChange={(event) => {
        setText(event.currentTarget.value);
        send(event.currentTarget.value);
      }}
    />
  );
}
