/** An empty list that says what it is for and how to begin; or that nothing matches, with one click to clear. */
import { Button } from "@mantine/core";
import type { ComponentType, ReactNode } from "react";
import classes from "./empty-state.module.css";

interface EmptyStateProps {
  icon: ComponentType<{ size?: number; stroke?: number; "aria-hidden"?: boolean }>;
  title: string;
  children: ReactNode;
  action?: ReactNode;
}

export function EmptyState({ icon: Icon, title, children, action }: EmptyStateProps) {
  return (
    <div className={classes.empty}>
      <Icon size={28} stroke={1.5} aria-hidden />
      <p className={classes.title}>{title}</p>
      <p className={classes.text}>{children}</p>
      {action && <div className={classes.acts}>{action}</div>}
    </div>
  );
}

export function NoMatch({ what, onClear }: { what: string; onClear: () => void }) {
  return (
    <div className={classes.empty}>
      <p className={classes.title}>No {what} match these filters</p>
      <p className={classes.text}>Nothing is wrong: the filters leave nothing over.</p>
      <div className={classes.acts}>
        <Button variant="default" onClick={onClear}>
          Clear filters
        </Button>
      </div>
    </div>
  );
}
