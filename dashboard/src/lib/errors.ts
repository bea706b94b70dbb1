/** What went wrong, as a person needs to read it: what happened, where, and the id to quote. */
import type { ErrorBody } from "./api-types";

export interface FieldProblem {
  field: string;
  message: string;
}

/** An answer that refuses; `requestId` finds it in the service's log. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: FieldProblem[] = [],
    readonly requestId: string | null = null,
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

/** No answer came: the service is down or the network is. */
export class NoAnswer extends Error {
  constructor() {
    super("The service did not answer. Check your connection; nothing here was lost.");
    this.name = "NoAnswer";
  }
}

export function errorFrom(response: Response, body: unknown): ApiError {
  const error = isErrorBody(body) ? body.error : null;
  const wait = Number(response.headers.get("Retry-After"));
  return new ApiError(
    response.status,
    error?.code ?? "UNKNOWN",
    error?.message ?? `The service answered ${response.status} without saying why.`,
    error?.details ?? [],
    error?.requestId ?? response.headers.get("X-Request-Id"),
    Number.isFinite(wait) && wait > 0 ? wait : null,
  );
}

function isErrorBody(body: unknown): body is ErrorBody {
  return typeof body === "object" && body !== null && "error" in body;
}

/** Says what to do next, where the status alone tells. */
export function nextStep(error: Error): string | null {
  if (error instanceof NoAnswer) return "Try again when you are back online.";
  if (!(error instanceof ApiError)) return "Reload the page. If it happens again, report it.";
  if (error.status === 429) {
    const seconds = error.retryAfterSeconds;
    return seconds ? `Wait ${seconds} s, then try again.` : "Wait a moment, then try again.";
  }
  if (error.status === 403) return "Ask an owner or admin of the company for this permission.";
  if (error.status === 409 || error.status === 412) {
    return "Reload to see the current state, then decide again.";
  }
  if (error.status >= 500)
    return "Try again. If it goes on, quote the request id to your operator.";
  return null;
}

export function isStatus(error: unknown, ...statuses: number[]): boolean {
  return error instanceof ApiError && statuses.includes(error.status);
}
