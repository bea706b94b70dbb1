/** The one way to the service: cookies, the CSRF header, the envelope opened, refusals thrown. */
import createClient from "openapi-fetch";
import { parse as parseLossless } from "lossless-json";
import type { PageMeta, paths } from "./api-types";
import { ApiError, errorFrom, NoAnswer } from "./errors";

export interface Paged<T> {
  items: T[];
  meta: PageMeta;
}

type Listener = () => void;
let csrfToken: string | null = null;
let onSignedOut: Listener = () => undefined;

/** Keeps the session's token for the header that every write carries. */
export function setCsrfToken(token: string | null): void {
  csrfToken = token;
}

/** Names what happens when the service says that the session is over. */
export function whenSignedOut(listener: Listener): void {
  onSignedOut = listener;
}

async function request(input: Request): Promise<Response> {
  if (input.method !== "GET" && csrfToken) input.headers.set("X-CSRF-Token", csrfToken);
  try {
    return await fetch(input);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new NoAnswer();
  }
}

const baseUrl = typeof window === "undefined" ? "" : window.location.origin;

export const api = createClient<paths>({ baseUrl, fetch: request, credentials: "same-origin" });

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

function refuse(answer: Answer<unknown>): never {
  const error = errorFrom(answer.response, answer.error);
  if (error.status === 401 && csrfToken) onSignedOut();
  throw error;
}

/** Opens a success; throws ApiError for a refusal. */
export async function dataOf<T>(call: Promise<Answer<{ data: T }>>): Promise<T> {
  const answer = await call;
  if (answer.data === undefined) refuse(answer);
  return answer.data.data;
}

/** Opens one page of a list. */
export async function pageOf<T>(
  call: Promise<Answer<{ data: T[]; meta?: PageMeta }>>,
): Promise<Paged<T>> {
  const answer = await call;
  if (answer.data === undefined) refuse(answer);
  return {
    items: answer.data.data,
    meta: answer.data.meta ?? { cursor: null, hasMore: false },
  };
}

/** Opens one page whose values may hold users' numbers: none passes through a binary float. */
export async function losslessPageOf<T>(call: Promise<Answer<string>>): Promise<Paged<T>> {
  const answer = await call;
  if (answer.data === undefined) refuse(answer);
  const body = parseLossless(answer.data) as { data: T[]; meta?: PageMeta };
  return { items: body.data, meta: body.meta ?? { cursor: null, hasMore: false } };
}

/** Like dataOf, with the answer's ETag: what If-Match sends back. */
export async function versionedOf<T>(
  call: Promise<Answer<{ data: T }>>,
): Promise<{ value: T; etag: string | null }> {
  const answer = await call;
  if (answer.data === undefined) refuse(answer);
  return { value: answer.data.data, etag: answer.response.headers.get("ETag") };
}

/** Makes a key for one submission, so that a repeat after a lost answer does nothing twice. */
export function newIdempotencyKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export { ApiError };
