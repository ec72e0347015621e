/** The two clients of the server: Apify's API under `/v2`, and Greenroom's own under `/greenroom`. */
import createClient from "openapi-fetch";
import { ApiError, Unreachable } from "@/api/errors";
import type { paths as LocalPaths } from "@/api/local";
import type { paths as PlatformPaths } from "@/api/platform";
import { isObject, type Json, type JsonObject, readJson, writeJson } from "@/json/exact";

export const platform = createClient<PlatformPaths>({ fetch: send, bodySerializer });
export const local = createClient<LocalPaths>({ fetch: send, bodySerializer });

/** All bodies of the two clients are JSON. An input in one has exact numbers. */
function bodySerializer(value: unknown): string {
  return writeJson(value);
}

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

/** The body of a response with exact numbers. */
export async function readExactly(path: string, signal?: AbortSignal): Promise<Json> {
  return readJson(await readText(path, signal));
}

/** The `data` of a response: as the documents describe it, and with exact numbers for what is sent back. */
export async function readBoth<T>(path: string, signal?: AbortSignal): Promise<{ plain: T; exact: JsonObject }> {
  const text = await readText(path, signal);
  const exact = readJson(text);
  const data = isObject(exact) && isObject(exact.data) ? exact.data : {};
  return { plain: (JSON.parse(text) as { data: T }).data, exact: data };
}

async function readText(path: string, signal?: AbortSignal): Promise<string> {
  return (await request(path, signal ? { signal } : {})).text();
}

async function send(input: RequestInfo | URL, options?: RequestInit): Promise<Response> {
  try {
    return await fetch(input, options);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Unreachable();
  }
}
