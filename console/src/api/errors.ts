/** Errors of requests, with words for people. */

/** The server rejected a request. `type` is the platform's name of the error, for example `record-not-found`. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly type: string,
    message: string,
  ) {
    super(message);
  }

  static of(response: Response, content: unknown): ApiError {
    const error = (content as { error?: { type?: string; message?: string } } | null | undefined)?.error;
    const message = error?.message ?? `The server returned status ${response.status}.`;
    return new ApiError(response.status, error?.type ?? "unknown", message);
  }
}

/** The server does not answer. */
export class Unreachable extends Error {
  constructor() {
    super("The server does not answer.");
  }
}

export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
