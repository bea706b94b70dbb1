/** A numbered course of acts, each done, current or to come. */
import { VisuallyHidden } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./stepper.module.css";

export type StepState = "done" | "current" | "later";

const STATE_TEXT: Record<StepState, string> = { done: "done", current: "now", later: "later" };

export function Steps({ children }: { children: ReactNode }) {
  return <ol className={classes.steps}>{children}</ol>;
}

interface StepProps {
  number: number;
  state: StepState;
  title: string;
  text: ReactNode;
  children?: ReactNode;
}

export function Step({ number, state, title, text, children }: StepProps) {
  return (
    <li
      className={`${classes.step} ${classes[state] ?? ""}`}
      aria-current={state === "current" ? "step" : undefined}
    >
      <div className={classes.number} aria-hidden="true">
        {state === "done" ? <IconCheck size={18} /> : number}
      </div>
      <div>
        <h2 className={classes.title}>
          {title}
          <VisuallyHidden> ({STATE_TEXT[state]})</VisuallyHidden>
        </h2>
        <p className={classes.text}>{text}</p>
        {children}
      </div>
    </li>
  );
}
