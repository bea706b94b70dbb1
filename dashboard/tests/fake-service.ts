/** A service of a few answers, for tests alone: what is asked is kept, what is not named is 404. */
import { vi } from "vitest";

export interface Asked {
  method: string;
  path: string;
  body: unknown;
  headers: Headers;
}

export interface Reply {
  status?: number;
  data?: unknown;
  text?: string;
  error?: { code: string; message: string; details?: { field: string; message: string }[] };
  headers?: Record<string, string>;
}

type Answer = Reply | ((asked: Asked) => Reply);

function bodyOf(reply: Reply): string {
  if (reply.text !== undefined) return reply.text;
  if (reply.error) {
    return JSON.stringify({ success: false, error: { ...reply.error, requestId: "req_test" } });
  }
  const meta = Array.isArray(reply.data) ? { meta: { cursor: null, hasMore: false } } : {};
  return JSON.stringify({ success: true, data: reply.data ?? {}, ...meta });
}

/** Answers by "METHOD /path" under /api/v1/admin; returns what was asked, in order. */
export function fakeService(answers: Record<string, Answer>): Asked[] {
  const log: Asked[] = [];
  const fetchFake = async (input: Request): Promise<Response> => {
    const path = new URL(input.url).pathname.replace("/api/v1/admin", "");
    const text = await input.text();
    const body: unknown = text ? JSON.parse(text) : undefined;
    const asked = { method: input.method, path, body, headers: input.headers };
    log.push(asked);
    const answer = answers[`${input.method} ${path}`];
    const missing: Reply = { status: 404, error: { code: "NOT_FOUND", message: "Not found." } };
    const reply: Reply = typeof answer === "function" ? answer(asked) : (answer ?? missing);
    return new Response(bodyOf(reply), {
      status: reply.status ?? (reply.error ? 400 : 200),
      headers: { "content-type": "application/json", ...reply.headers },
    });
  };
  vi.stubGlobal("fetch", fetchFake);
  return log;
}
