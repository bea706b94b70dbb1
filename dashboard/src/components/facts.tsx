/** A thing's facts, each under its name. */
import type { ReactNode } from "react";
import classes from "./facts.module.css";

type Fact = [name: string, value: ReactNode, size?: "wide"];

interface FactsProps {
  facts: Fact[];
  /** Figures that a page is about stand larger. */
  large?: boolean;
}

export function Facts({ facts, large }: FactsProps) {
  return (
    <dl className={`${classes.facts} ${large ? classes.large : ""}`}>
      {facts.map(([name, value, size]) => (
        <div key={name} className={size && classes[size]}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
