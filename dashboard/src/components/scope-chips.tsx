/** What a key may do, scope by scope, in the published order. */
import type { Scope } from "@/lib/api-types";
import { inOrder, scopeAllows } from "@/lib/scopes";
import classes from "./scope-chips.module.css";

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
