/** The six scopes in the words of the published page, and the presets that people start from. */
import type { Category, Scope } from "./api-types";

interface ScopeText {
  scope: Scope;
  allows: string;
  also: string;
}

export const SCOPES: ScopeText[] = [
  {
    scope: "workflows:read",
    allows: "List and get workflows",
    also: "and their versions, data tables, agents, webhook endpoints",
  },
  {
    scope: "workflows:write",
    allows: "Create, update, delete workflows",
    also: "and activate, pause, resume; data tables, agents",
  },
  {
    scope: "workflows:execute",
    allows: "Trigger workflow runs",
    also: "and cancel, retry, restart, decide, resolve",
  },
  { scope: "runs:read", allows: "View run status and logs", also: "" },
  { scope: "connections:read", allows: "List connections", also: "" },
  { scope: "connections:write", allows: "Create and manage connections", also: "" },
];

export const PRESETS: { name: string; text: string; scopes: Scope[] }[] = [
  {
    name: "Trigger and watch",
    text: "An application that starts runs and reads their results",
    scopes: ["workflows:execute", "runs:read"],
  },
  {
    name: "Read only",
    text: "Monitoring and reporting; changes nothing",
    scopes: ["workflows:read", "runs:read", "connections:read"],
  },
  {
    name: "Deploy workflows",
    text: "A pipeline that creates and updates workflows",
    scopes: ["workflows:read", "workflows:write"],
  },
];

export const DEFAULT_LIMITS: Record<Category, number> = { read: 1000, write: 200, execute: 500 };

export const CATEGORY_TEXT: Record<Category, string> = {
  read: "Read",
  write: "Write",
  execute: "Execution",
};

export function scopeAllows(scope: Scope): string {
  return SCOPES.find((entry) => entry.scope === scope)?.allows ?? scope;
}

/** Sorts scopes in the published order, so that the same set always reads the same. */
export function inOrder(scopes: Scope[]): Scope[] {
  return SCOPES.map((entry) => entry.scope).filter((scope) => scopes.includes(scope));
}
