/** What the addresses of pages carry: filters, tabs, spans of time. Unknown or broken values fall away. */

import { isFlagKind } from "@/features/flags/kinds";
import type { FlagKind } from "@/lib/api-types";

type Raw = Record<string, unknown>;
type OneOf<T extends readonly string[]> = T[number];

function text(raw: Raw, name: string): string | undefined {
  const value = raw[name];
  if (typeof value === "string" && value !== "") return value;
  return typeof value === "number" ? String(value) : undefined;
}

function oneOf<T extends string>(raw: Raw, name: string, allowed: readonly T[]): T | undefined {
  return allowed.find((value) => value === raw[name]);
}

export const KEY_STATUSES = ["active", "disabled", "expired", "revoked"] as const;
export const KEY_TABS = ["usage", "access", "flags", "history"] as const;
export const SPANS = ["24h", "7d", "30d", "90d"] as const;
export const STATUS_CLASSES = ["2xx", "3xx", "4xx", "5xx"] as const;
export const FLAG_STATES = ["open", "acknowledged"] as const;

export const APPROVAL_STATUSES = ["open", "approved", "rejected", "expired", "cancelled"] as const;

interface ApprovalSearch {
  tab?: "all" | undefined;
  state?: OneOf<typeof APPROVAL_STATUSES> | undefined;
}
interface KeyListSearch {
  status?: OneOf<typeof KEY_STATUSES> | undefined;
  search?: string | undefined;
  due?: true | undefined;
}
interface KeySearch {
  tab?: OneOf<typeof KEY_TABS> | undefined;
  span?: OneOf<typeof SPANS> | undefined;
}
interface UsageSearch {
  span?: OneOf<typeof SPANS> | undefined;
  keyId?: string | undefined;
  route?: string | undefined;
  statusClass?: OneOf<typeof STATUS_CLASSES> | undefined;
}
interface FlagSearch {
  tab?: string | undefined;
  state?: OneOf<typeof FLAG_STATES> | undefined;
  kind?: FlagKind | undefined;
  keyId?: string | undefined;
}
interface AuditSearch {
  actor?: string | undefined;
  action?: string | undefined;
  object?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  row?: string | undefined;
}

export function readSignInSearch(raw: Raw): {
  next?: string | undefined;
  ended?: true | undefined;
} {
  const next = text(raw, "next");
  const isLocal = next?.startsWith("/") && !next.startsWith("//") && !next.startsWith("/\\");
  return { next: isLocal ? next : undefined, ended: raw.ended === true || undefined };
}

export function readKeyListSearch(raw: Raw): KeyListSearch {
  return {
    status: oneOf(raw, "status", KEY_STATUSES),
    search: text(raw, "search"),
    due: raw.due === true || undefined,
  };
}

export function readKeySearch(raw: Raw): KeySearch {
  return { tab: oneOf(raw, "tab", KEY_TABS), span: oneOf(raw, "span", SPANS) };
}

export function readUsageSearch(raw: Raw): UsageSearch {
  return {
    span: oneOf(raw, "span", SPANS),
    keyId: text(raw, "keyId"),
    route: text(raw, "route"),
    statusClass: oneOf(raw, "statusClass", STATUS_CLASSES),
  };
}

export function readFlagSearch(raw: Raw): FlagSearch {
  return {
    tab: text(raw, "tab"),
    state: oneOf(raw, "state", FLAG_STATES),
    kind: isFlagKind(raw.kind) ? raw.kind : undefined,
    keyId: text(raw, "keyId"),
  };
}

export function readApprovalSearch(raw: Raw): ApprovalSearch {
  return {
    tab: oneOf(raw, "tab", ["all"] as const),
    state: oneOf(raw, "state", APPROVAL_STATUSES),
  };
}

export function readAuditSearch(raw: Raw): AuditSearch {
  return {
    actor: text(raw, "actor"),
    action: text(raw, "action"),
    object: text(raw, "object"),
    from: text(raw, "from"),
    to: text(raw, "to"),
    row: text(raw, "row"),
  };
}

export function readTabSearch(raw: Raw): { tab?: string | undefined } {
  return { tab: text(raw, "tab") };
}
