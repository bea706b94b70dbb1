/** What a flag saw, fact by fact; times and lists read as such. */
import { formatCount, formatExact, words } from "@/lib/format";
import classes from "./flags.module.css";

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d/;

export function evidenceText(value: unknown): string {
  if (value === null || value === undefined) return "none";
  if (typeof value === "string") return ISO_TIME.test(value) ? formatExact(value) : value;
  if (Array.isArray(value)) return value.map(evidenceText).join(", ");
  if (typeof value === "object") {
    return Object.entries(value)
      .map(([name, inner]) => `${name} ${evidenceText(inner)}`)
      .join(", ");
  }
  if (typeof value === "number") return formatCount(value);
  return String(value);
}

function nameText(name: string): string {
  return words(name.replaceAll(/([a-z])([A-Z])/g, "$1 $2").toLowerCase());
}

export function Evidence({ evidence }: { evidence: unknown }) {
  if (typeof evidence !== "object" || evidence === null) {
    return <p className={classes.text}>{evidenceText(evidence)}</p>;
  }
  return (
    <dl className={classes.evidence}>
      {Object.entries(evidence).map(([name, value]) => (
        <div key={name}>
          <dt>{nameText(name)}</dt>
          <dd>{evidenceText(value)}</dd>
        </div>
      ))}
    </dl>
  );
}
