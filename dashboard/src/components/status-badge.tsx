/** A status: always a colour, an icon and a word together. */
import {
  IconAlertTriangle,
  IconBan,
  IconCircleCheck,
  IconCircleX,
  IconClock,
  IconHelpCircle,
  IconPlayerPause,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./status-badge.module.css";

export type Tone = "green" | "red" | "blue" | "amber" | "grey" | "violet";

const ICONS = {
  green: IconCircleCheck,
  red: IconCircleX,
  blue: IconClock,
  amber: IconAlertTriangle,
  grey: IconBan,
  violet: IconHelpCircle,
};

interface StatusBadgeProps {
  tone: Tone;
  paused?: boolean;
  children: ReactNode;
}

export function StatusBadge({ tone, paused, children }: StatusBadgeProps) {
  const Icon = paused ? IconPlayerPause : ICONS[tone];
  return (
    <span className={`${classes.badge} ${classes[tone]}`}>
      <Icon size={13} aria-hidden="true" />
      {children}
    </span>
  );
}
