/** Something to know before going on, in the colour of its weight. */
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleX,
  IconInfoCircle,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./callout.module.css";

export type CalloutTone = "green" | "red" | "blue" | "amber" | "grey";

const ICONS = {
  green: IconCircleCheck,
  red: IconCircleX,
  blue: IconInfoCircle,
  amber: IconAlertTriangle,
  grey: IconInfoCircle,
};

interface CalloutProps {
  tone: CalloutTone;
  title?: ReactNode;
  icon?: typeof IconInfoCircle;
  action?: ReactNode;
  /** Leaves room below, between the parts of a page. */
  spaced?: boolean;
  children?: ReactNode;
}

export function Callout({ tone, title, icon, action, spaced, children }: CalloutProps) {
  const Icon = icon ?? ICONS[tone];
  return (
    <div className={`${classes.callout} ${classes[tone]} ${spaced ? classes.spaced : ""}`}>
      <Icon size={18} aria-hidden="true" />
      <div className={classes.body}>
        {title && <p className={classes.title}>{title}</p>}
        {children}
      </div>
      {action && <div className={classes.action}>{action}</div>}
    </div>
  );
}
