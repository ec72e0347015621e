/** Orders about one run, and starting its like again. */
import { body, dataOf, local, platform, request } from "@/api/client";
import { ApiError } from "@/api/errors";
import type { Run } from "@/api/run";

export type StartChanges = { memoryMbytes?: number; timeoutSecs?: number; build?: string };

export function abortRun(runId: string, gracefully: boolean): Promise<unknown> {
  const params = { path: { runId }, query: { gracefully } };
  return dataOf(platform.POST("/v2/actor-runs/{runId}/abort", { params }));
}

export function rebootRun(runId: string): Promise<unknown> {
  return dataOf(platform.POST("/v2/actor-runs/{runId}/reboot", { params: { path: { runId } } }));
}

export function migrateRun(runId: string): Promise<unknown> {
  return body(local.POST("/greenroom/runs/{run}/migrate", { params: { path: { run: runId } } }));
}

export function resurrectRun(runId: string, { build, memoryMbytes, timeoutSecs }: StartChanges = {}): Promise<unknown> {
  const query = {
    ...(build ? { build } : {}),
    ...(memoryMbytes === undefined ? {} : { memory: memoryMbytes }),
    ...(timeoutSecs === undefined ? {} : { timeout: timeoutSecs }),
  };
  return dataOf(platform.POST("/v2/actor-runs/{runId}/resurrect", { params: { path: { runId }, query } }));
}

/** Turn the run into one of another Actor. `input` is JSON as text. */
export function metamorphRun(runId: string, target: string, build: string, input: string): Promise<unknown> {
  const query = new URLSearchParams({ targetActorId: target, ...(build ? { build } : {}) });
  return request(`/v2/actor-runs/${runId}/metamorph?${query}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: input,
  });
}

export async function deleteRun(runId: string): Promise<void> {
  await request(`/v2/actor-runs/${runId}`, { method: "DELETE" });
}

/** Start the Actor of a run again with the same input and options, apart from the changes. Returns the new run's id. */
export async function startAgain(run: Run, changes: StartChanges = {}): Promise<string> {
  const input = await readInput(run);
  const response = await request(`/v2/actors/${run.actId}/runs?${startQuery(run, changes)}`, {
    method: "POST",
    ...(input ? { headers: { "Content-Type": input.type }, body: input } : {}),
  });
  return ((await response.json()) as { data: { id: string } }).data.id;
}

/** The input of a run with its content type; null if it got none. */
async function readInput(run: Run): Promise<Blob | null> {
  try {
    return await (await request(`/v2/key-value-stores/${run.defaultKeyValueStoreId}/records/INPUT`)).blob();
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

/** The query parameters that start a run with the options of this one. */
function startQuery(run: Run, changes: StartChanges = {}): URLSearchParams {
  const { options } = run;
  const values = {
    build: changes.build ?? options.build,
    memory: changes.memoryMbytes ?? options.memoryMbytes,
    timeout: changes.timeoutSecs ?? options.timeoutSecs,
    maxItems: options.maxItems,
    maxTotalChargeUsd: options.maxTotalChargeUsd,
    restartOnError: options.restartOnError || undefined,
  };
  const set = Object.entries(values).filter(([, value]) => value != null && value !== "");
  return new URLSearchParams(set.map(([name, value]) => [name, String(value)]));
}
