/** What a key may do: nothing at first; presets to start from; each scope in the contract's words. */
import { Button, Checkbox, Input, Text, Tooltip } from "@mantine/core";
import type { ReactNode } from "react";
import type { Scope } from "@/lib/api-types";
import { inOrder, PRESETS, SCOPES } from "@/lib/scopes";
import classes from "./scope-picker.module.css";

interface ScopePickerProps {
  value: Scope[];
  onChange: (scopes: Scope[]) => void;
  error?: ReactNode;
  /** For Mantine's focus on the first problem. */
  path?: string | undefined;
}

export function ScopePicker({ value, onChange, error, path }: ScopePickerProps) {
  const toggle = (scope: Scope, isOn: boolean) =>
    onChange(inOrder(isOn ? [...value, scope] : value.filter((one) => one !== scope)));
  return (
    <fieldset style={{ border: 0, margin: 0, padding: 0, minWidth: 0 }}>
      <Input.Label component="legend" required mb={6}>
        Scopes
      </Input.Label>
      <div className={classes.presets}>
        <Text size="sm" c="dimmed">
          Start from
        </Text>
        {PRESETS.map((preset) => (
          <Tooltip key={preset.name} label={preset.text}>
            <Button variant="default" size="compact-sm" onClick={() => onChange(preset.scopes)}>
              {preset.name}
            </Button>
          </Tooltip>
        ))}
      </div>
      <ul className={classes.list}>
        {SCOPES.map(({ scope, allows, also }, index) => (
          <li key={scope} className={classes.item}>
            <Checkbox
              data-path={index === 0 ? path : undefined}
              label={<code>{scope}</code>}
              description={`${allows}${also ? ` (${also})` : ""}`}
              checked={value.includes(scope)}
              onChange={(event) => toggle(scope, event.currentTarget.checked)}
            />
          </li>
        ))}
      </ul>
      <Input.Description mt={6}>
        Grant only what the application needs. You can add a scope later.
      </Input.Description>
      {error && <Input.Error mt={4}>{error}</Input.Error>}
    </fieldset>
  );
}
