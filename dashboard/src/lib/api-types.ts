/**
 * The admin API as the dashboard calls it, in the shape openapi-typescript writes.
 * `npm run generate` makes the same from the service's OpenAPI document.
 */

export type Scope =
  | "workflows:read"
  | "workflows:write"
  | "workflows:execute"
  | "runs:read"
  | "connections:read"
  | "connections:write";
export type Role = "owner" | "admin" | "editor" | "approver" | "viewer";
export type KeyStatus = "active" | "disabled" | "expired" | "revoked";
export type Category = "read" | "write" | "execute";
export type Verdict = "unused_successor" | "still_used" | "safe_to_revoke";
export type FlagState = "open" | "acknowledged";
export type StatusClass = "2xx" | "3xx" | "4xx" | "5xx";

export interface Company {
  id: string;
  name: string;
  timeZone: string;
  currency: string;
  leakPolicy: "revoke" | "read_only";
}
export interface Member {
  id: string;
  name: string;
  email: string;
  role: Role;
  createdAt?: string;
  lastSeenAt?: string | null;
  totpEnabled?: boolean;
}
export interface Session {
  id: string;
  member: Member;
  company: Company;
  companies: { id: string; name: string; role?: Role }[];
  role: Role;
  permissions: string[];
  csrfToken: string;
  expiresAt: string;
}
export interface SessionRow {
  id: string;
  agent: string | null;
  ip: string | null;
  createdAt: string;
  lastSeenAt: string;
  current: boolean;
}
export interface Invite {
  id: string;
  email: string;
  role: Role;
  createdAt: string;
  expiresAt: string;
}
export type KeyLimits = Partial<Record<Category, number>>;
export interface Key {
  id: string;
  name: string;
  hint: string;
  scopes: Scope[];
  status: KeyStatus;
  createdBy: string;
  owner: string;
  createdAt: string;
  expiresAt: string | null;
  lastUsedAt: string | null;
  lastUsedIp: string | null;
  rotatedFrom: string | null;
  rotatedTo: string | null;
  allowedIps: string[];
  limits: KeyLimits;
  note: string;
  ageDays: number;
  rotateDue: boolean;
}
export type KeyListed = Key & { requests30d: number[] };
export type KeyWithSecret = Key & { key: string | null; secretAlreadyShown?: boolean };
export interface KeyDraft {
  name: string;
  scopes: Scope[];
  expiresAt?: string | null;
  allowedIps?: string[];
  limits?: KeyLimits;
  note?: string;
}
export interface OldTraffic {
  ip: string | null;
  agent: string | null;
  route: string;
  requests24h: number;
  lastAt: string;
}
export interface KeyPair {
  predecessor: Key;
  successor: Key;
  successorFirstUsedAt: string | null;
  oldTraffic: OldTraffic[];
  quietSince: string | null;
  verdict: Verdict;
}
export interface Budget {
  limit: number;
  remaining: number;
}
export interface UsageBucket {
  at: string;
  route: string;
  statusClass: StatusClass;
  requests: number;
}
export interface Usage {
  buckets: UsageBucket[];
  refusals: { "401": number; "403": number; "429": number };
  addresses: number;
  budgets: Record<Category, Budget> | null;
}
export interface UsageQuery {
  from?: string;
  to?: string;
  bucket?: "hour" | "day";
  keyId?: string;
  route?: string;
  statusClass?: string;
}
export interface Advice {
  unusedScopes: Scope[];
  since: string;
}
export interface Flag {
  id: string;
  keyId: string;
  kind: string;
  at: string;
  evidence: unknown;
  advice: string;
  state: FlagState;
}
export interface Leak {
  id: string;
  keyId: string;
  at: string;
  url: string | null;
  /** What was done by itself when the report came. */
  act: "revoked" | "cut_to_read" | "none";
  state: "open" | "resolved";
  resolution?: "revoke" | "clear" | null;
  comment?: string | null;
}
export interface Notice {
  id: string;
  kind: string;
  at: string;
  title: string;
  body: string;
  link: string | null;
  readAt: string | null;
}
export interface AuditRow {
  id: string;
  at: string;
  actor: string;
  ip: string | null;
  requestId: string | null;
  action: string;
  object: string;
  before: unknown;
  after: unknown;
  hash: string;
}
export interface AuditQuery {
  actor?: string;
  action?: string;
  object?: string;
  from?: string;
  to?: string;
  limit?: number;
  cursor?: string;
}
export interface Verification {
  valid: boolean;
  rows: number;
  head: string;
  firstBadId: string | null;
}
export interface EnvironmentValue {
  name: string;
  value: string;
  updatedAt?: string;
}
export interface PageMeta {
  cursor: string | null;
  hasMore: boolean;
}
export interface ErrorBody {
  success: false;
  error: {
    code: string;
    message: string;
    details?: { field: string; message: string }[];
    requestId?: string;
  };
}

type Json<T> = { content: { "application/json": T } };
type Failure = { default: Json<ErrorBody> };
type Data<T> = { 200: Json<{ success: true; data: T }> } & Failure;
type Made<T> = { 201: Json<{ success: true; data: T }> } & Failure;
type Page<T> = { 200: Json<{ success: true; data: T[]; meta: PageMeta }> } & Failure;
type Body<T> = { content: { "application/json": T } };
interface Asks {
  query?: object;
  path?: object;
  body?: unknown;
  header?: object;
}
type Parameters<A extends Asks> = (A extends { query: infer Q } ? { query?: Q } : unknown) &
  (A extends { path: infer P } ? { path: P } : unknown) &
  (A extends { header: infer H } ? { header?: H } : unknown);
type Call<R, A extends Asks = Record<never, never>> = {
  parameters: Parameters<A>;
  responses: R;
} & (A extends { body: infer B } ? { requestBody: Body<B> } : unknown);
type ById<R, A extends Asks = Record<never, never>> = Call<R, A & { path: { id: string } }>;
interface Paging {
  limit?: number;
  cursor?: string;
}
interface SecondFactor {
  totp?: string;
  recoveryCode?: string;
}
interface Done {
  [name: string]: unknown;
}

export interface paths {
  "/api/v1/admin/setup": {
    get: Call<Data<{ needed: boolean }>>;
    post: Call<
      Made<Session>,
      {
        body: {
          token: string;
          company?: { name: string; timeZone: string; currency: string };
          owner: { name: string; email: string; password: string } & SecondFactor;
        };
      }
    >;
  };
  "/api/v1/admin/session": {
    get: Call<Data<Session>>;
    post: Call<
      Made<Session>,
      {
        body: { email: string; password: string; companyId?: string } & SecondFactor;
      }
    >;
    patch: Call<Data<Session>, { body: { companyId: string } }>;
    delete: Call<Data<Done>>;
  };
  "/api/v1/admin/sessions": {
    get: Call<Page<SessionRow>, { query: Paging }>;
    delete: Call<Data<{ ended: number }>>;
  };
  "/api/v1/admin/sessions/{id}": { delete: ById<Data<Done>> };
  "/api/v1/admin/me/password": {
    put: Call<Data<Done>, { body: { current: string; new: string } }>;
  };
  "/api/v1/admin/me/totp": {
    post: Call<Data<{ secret: string | null; uri: string | null }>, { body: { password: string } }>;
    delete: Call<Data<Done>, { body: { password: string } }>;
  };
  "/api/v1/admin/me/totp/confirm": {
    post: Call<Data<{ recoveryCodes: string[] | null }>, { body: { code: string } }>;
  };
  "/api/v1/admin/password-resets/redeem": {
    post: Call<Data<Done>, { body: { token: string; password: string } }>;
  };
  "/api/v1/admin/company": {
    get: Call<Data<Company>>;
    patch: Call<Data<Company>, { body: Partial<Omit<Company, "id">> }>;
  };
  "/api/v1/admin/env": { get: Call<Page<EnvironmentValue>, { query: Paging }> };
  "/api/v1/admin/env/{name}": {
    put: Call<Data<EnvironmentValue>, { path: { name: string }; body: { value: string } }>;
    delete: Call<Data<Done>, { path: { name: string } }>;
  };
  "/api/v1/admin/members": { get: Call<Page<Member>, { query: Paging }> };
  "/api/v1/admin/members/{id}": {
    patch: ById<Data<Member>, { body: { role: Role } }>;
    delete: ById<Data<{ keysMoved: number }>, { body: { newKeyOwner?: string } }>;
  };
  "/api/v1/admin/invites": {
    get: Call<Page<Invite>, { query: Paging }>;
    post: Call<
      Made<{ invite: Invite; link: string | null }>,
      { body: { email: string; role: Role } }
    >;
  };
  "/api/v1/admin/invites/{id}": { delete: ById<Data<Done>> };
  "/api/v1/admin/invites/accept": {
    post: Call<
      Made<Session>,
      { body: { token: string; name: string; password: string } & SecondFactor }
    >;
  };
  "/api/v1/admin/keys": {
    get: Call<
      Page<KeyListed>,
      { query: Paging & { status?: string; search?: string; due?: boolean } }
    >;
    post: Call<Made<KeyWithSecret>, { body: KeyDraft; header: IdempotencyHeader }>;
  };
  "/api/v1/admin/keys/{id}": {
    get: ById<Data<Key>>;
    patch: ById<
      Data<Key>,
      { body: Partial<KeyDraft> & { owner?: string }; header: { "If-Match"?: string } }
    >;
  };
  "/api/v1/admin/keys/{id}/rotate": {
    post: ById<
      Made<{ successor: KeyWithSecret; predecessor: Key }>,
      {
        body: { expiresAt?: string | null };
        header: IdempotencyHeader;
      }
    >;
  };
  "/api/v1/admin/keys/{id}/revoke": {
    post: ById<Data<Key>, { body: { reason?: string; confirm?: string } }>;
  };
  "/api/v1/admin/keys/{id}/compromised": {
    post: ById<
      Data<{ revoked: Key; replacement?: KeyWithSecret | null }>,
      { body: { reason?: string; replace: boolean }; header: IdempotencyHeader }
    >;
  };
  "/api/v1/admin/keys/{id}/disable": { post: ById<Data<Key>, { body: { reason?: string } }> };
  "/api/v1/admin/keys/{id}/enable": { post: ById<Data<Key>, { body: { reason?: string } }> };
  "/api/v1/admin/keys/{id}/pair": { get: ById<Data<KeyPair>> };
  "/api/v1/admin/keys/{id}/usage": { get: ById<Data<Usage>, { query: UsageQuery }> };
  "/api/v1/admin/keys/{id}/advice": { get: ById<Data<Advice>> };
  "/api/v1/admin/keys/{id}/trim": { post: ById<Data<Key>, { body: { scopes: Scope[] } }> };
  "/api/v1/admin/usage": { get: Call<Data<Usage>, { query: UsageQuery }> };
  "/api/v1/admin/flags": {
    get: Call<Page<Flag>, { query: Paging & { keyId?: string; kind?: string; state?: string } }>;
  };
  "/api/v1/admin/flags/{id}/acknowledge": {
    post: ById<Data<Flag>, { body: { comment?: string } }>;
  };
  "/api/v1/admin/leaks": { get: Call<Page<Leak>, { query: Paging }> };
  "/api/v1/admin/leaks/{id}/resolve": {
    post: ById<Data<Leak>, { body: { act: "revoke" | "clear"; comment: string } }>;
  };
  "/api/v1/admin/notices": { get: Call<Page<Notice>, { query: Paging }> };
  "/api/v1/admin/notices/{id}/read": { post: ById<Data<Notice>> };
  "/api/v1/admin/audit": { get: Call<Page<AuditRow>, { query: AuditQuery }> };
  "/api/v1/admin/audit/verify": { post: Call<Data<Verification>> };
}
interface IdempotencyHeader {
  "Idempotency-Key"?: string;
}
