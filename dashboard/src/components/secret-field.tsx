/** A secret on its one showing, beside the button that copies it. */
import { CopyButton } from "./copy-button";
import classes from "./secret-field.module.css";

export function SecretField({ value, label }: { value: string; label: string }) {
  return (
    <div className={classes.field}>
      <code className={classes.value} aria-label={label} role="textbox" aria-readonly tabIndex={0}>
        {value}
      </code>
      <CopyButton value={value} label="Copy" size="xs" data-autofocus />
    </div>
  );
}
