/** What a key may do, scope by scope, in the published order. */
import type { Scope } from "@/lib/api-types";
import { inOrder, scopeAllows } from "@/lib/scopes";
import classes from "./scope-chips.module.css";

/** Writes what a key may do to one kind of thing as one chip: "workflows:read,write". */
function grouped(scopes: Scope[]): { text: string; title: string }[] {
  const kinds = new Set(inOrder(scopes).map((scope) => scope.split(":")[0] ?? scope));
  return [...kinds].map((kind) => {
    const members = inOrder(scopes).filter((scope) => scope.startsWith(`${kind}:`));
    return {
      text: `${kind}:${members.map((scope) => scope.slice(kind.length + 1)).join(",")}`,
      title: members.map(scopeAllows).join(". "),
    };
  });
}

/** In a list, where six chips a row would be too tall. */
export function GroupedScopes({ scopes }: { scopes: Scope[] }) {
  return (
    <ul className={classes.chips} aria-label="Scopes">
      {grouped(scopes).map(({ text, title }) => (
        <li key={text} className={classes.chip} title={title}>
          {text}
        </li>
      ))}
    </ul>
  );
}

export function ScopeChips({ scopes }: { scopes: Scope[] }) {
  return (
    <ul className={classes.chips} aria-label="Scopes">
      {inOrder(scopes).map((scope) => (
        <li key={scope} className={classes.chip} title={scopeAllows(scope)}>
          {scope}
        </li>
      ))}
    </ul>
  );
}
