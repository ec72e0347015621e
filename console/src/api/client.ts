/** The two clients of the server: Apify's API under `/v2`, and Greenroom's own under `/greenroom`. */
import createClient from "openapi-fetch";
import { ApiError, Unreachable } from "@/api/errors";
import type { paths as LocalPaths } from "@/api/local";
import type { paths as PlatformPaths } from "@/api/platform";

export const platform = createClient<PlatformPaths>({ fetch: send });
export const local = createClient<LocalPaths>({ fetch: send });

type Result<T> = { data?: T; error?: unknown; response: Response };

/** The body of a successful response. Throws ApiError with the server's own words. */
export async function body<T>(request: Promise<Result<T>>): Promise<T> {
  const { data, error, response } = await request;
  if (!response.ok) throw ApiError.of(response, error);
  return data as T;
}

/** The `data` of a successful response of the platform's API. */
export async function dataOf<T>(request: Promise<Result<{ data: T }>>): Promise<T> {
  return (await body(request)).data;
}

/** Send a request for which the documents have no type, such as one with a body of any content type. */
export async function request(path: string, options: RequestInit = {}): Promise<Response> {
  const response = await send(path, options);
  if (!response.ok) throw ApiError.of(response, await response.json().catch(() => null));
  return response;
}

async function send(input: RequestInfo | URL, options?: RequestInit): Promise<Response> {
  try {
    return await fetch(input, options);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Unreachable();
  }
}
