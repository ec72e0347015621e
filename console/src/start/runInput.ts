import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { request } from "@/api/client";
import { ApiError } from "@/api/errors";
import { runKey, runQuery } from "@/api/run";
import { shortTime } from "@/format/times";
import { isObject, type JsonObject, readJson } from "@/json/exact";
import type { RunOptions } from "./options";

type RunInput = { input: JsonObject; options: RunOptions; source: string };

/** The input and the options of a run, to start another one with them. */
export const runInputQuery = (runId: string) =>
  queryOptions({
    queryKey: runKey(runId, "input-and-options"),
    queryFn: ({ client }) => readRunInput(client, runId),
  });

async function readRunInput(client: QueryClient, runId: string): Promise<RunInput> {
  const run = await client.fetchQuery(runQuery(runId));
  const { memoryMbytes, timeoutSecs, build, maxItems, maxTotalChargeUsd, restartOnError } = run.options;
  return {
    input: await inputOf(run.defaultKeyValueStoreId),
    options: {
      memoryMbytes,
      timeoutSecs,
      build: build || undefined,
      maxItems: maxItems ?? undefined,
      maxTotalChargeUsd: maxTotalChargeUsd ?? undefined,
      restartOnError: restartOnError || undefined,
    },
    source: `The input of the run of ${shortTime(String(run.startedAt))}`,
  };
}

async function inputOf(storeId: string): Promise<JsonObject> {
  try {
    const response = await request(`/v2/key-value-stores/${storeId}/records/INPUT`);
    if (!(response.headers.get("Content-Type") ?? "").includes("json")) {
      throw new Error("The input of this run is not JSON, so that the form cannot show it.");
    }
    const input = readJson(await response.text());
    if (!isObject(input)) throw new Error("The input of this run is not an object, so that the form cannot show it.");
    return input;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return {}; // the run got no input
    throw error;
  }
}
