/** The options of a run. What is undefined is the default of the Actor or task. */
import type { BuildRecord } from "@/api/actors";
import { isObject } from "@/json/exact";

export type AdHocWebhook = { eventTypes: string[]; requestUrl: string; payloadTemplate?: string };

export type PermissionLevel = "LIMITED_PERMISSIONS" | "FULL_PERMISSIONS";

export type RunOptions = {
  memoryMbytes?: number | undefined;
  timeoutSecs?: number | undefined;
  build?: string | undefined;
  maxItems?: number | undefined;
  maxTotalChargeUsd?: number | undefined;
  permissionLevel?: PermissionLevel | undefined;
  restartOnError?: boolean | undefined;
  webhooks?: AdHocWebhook[] | undefined;
};

/** What a run gets without an option. `memoryMbytes` is null if an expression computes it for each run. */
export type Defaults = {
  memoryMbytes: number | null;
  memoryOrigin: string;
  timeoutSecs: number;
  build: string;
  permissionLevel: PermissionLevel;
  restartOnError: boolean;
};

export const MEMORY_SIZES = [128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768] as const;

const PLATFORM_MEMORY = 1024;

type Stored = {
  build?: string | null | undefined;
  timeoutSecs?: number | null | undefined;
  memoryMbytes?: number | null | undefined;
  restartOnError?: boolean | null | undefined;
  forcePermissionLevel?: string | null | undefined;
};

/** The defaults of an Actor's runs. The default memory of the build takes precedence over that of the Actor. */
export function defaultsOf(actor: Stored, level: string | null | undefined, build: BuildRecord | undefined): Defaults {
  const own = memoryOfBuild(build);
  const memory =
    own === null ? null : withinLimits(own ?? actor.memoryMbytes ?? PLATFORM_MEMORY, memoryLimitsOf(build));
  const origin = own === undefined ? "Actor" : "build";
  return {
    memoryMbytes: memory,
    memoryOrigin: memory === null ? "The build computes its default" : `The ${origin}’s default is ${memory}`,
    timeoutSecs: actor.timeoutSecs ?? 0,
    build: actor.build ?? "latest",
    permissionLevel: (actor.forcePermissionLevel ?? level ?? "LIMITED_PERMISSIONS") as PermissionLevel,
    restartOnError: actor.restartOnError ?? false,
  };
}

/** The memory as the server grants it by default: a power of two within the limits of the build. */
function withinLimits(memory: number, { least, most }: { least: number; most: number }): number {
  const sizes = MEMORY_SIZES.filter((size) => size >= least && size <= most);
  return [...sizes].sort((a, b) => Math.abs(a - memory) - Math.abs(b - memory))[0] ?? memory;
}

/** Megabytes, null for an expression, and undefined if the build has no default. */
function memoryOfBuild(build: BuildRecord | undefined): number | null | undefined {
  const memory = definitionOf(build).defaultMemoryMbytes;
  if (typeof memory === "number") return memory;
  if (typeof memory !== "string") return undefined;
  return /^\d+$/.test(memory) ? Number(memory) : null;
}

/** The memory sizes that the build is made for, in megabytes. A caller may request others. */
export function memoryLimitsOf(build: BuildRecord | undefined): { least: number; most: number } {
  const { minMemoryMbytes: least, maxMemoryMbytes: most } = definitionOf(build);
  return { least: typeof least === "number" ? least : 128, most: typeof most === "number" ? most : 32768 };
}

function definitionOf(build: BuildRecord | undefined): Record<string, unknown> {
  const definition: unknown = build?.actorDefinition;
  return isObject(definition) ? definition : {};
}

/** The query parameters of `POST /v2/actors/{actorId}/runs`. */
export function queryOf(options: RunOptions): Record<string, string> {
  const entries: [string, string | number | boolean | undefined][] = [
    ["memory", options.memoryMbytes],
    ["timeout", options.timeoutSecs],
    ["build", options.build],
    ["maxItems", options.maxItems],
    ["maxTotalChargeUsd", options.maxTotalChargeUsd],
    ["forcePermissionLevel", options.permissionLevel],
    ["restartOnError", options.restartOnError],
    ["webhooks", options.webhooks?.length ? webhooksParameter(options.webhooks) : undefined],
  ];
  return Object.fromEntries(entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])));
}

function webhooksParameter(webhooks: AdHocWebhook[]): string {
  const bytes = new TextEncoder().encode(JSON.stringify(webhooks));
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

/** The options that a task can store. */
export function taskOptionsOf(options: RunOptions) {
  const { permissionLevel, webhooks, ...stored } = options;
  return Object.fromEntries(Object.entries(stored).filter(([, value]) => value !== undefined));
}

/** The options that differ from stored ones. */
export function changedOptions(options: RunOptions, stored: RunOptions): RunOptions {
  const names = Object.keys(options) as (keyof RunOptions)[];
  return Object.fromEntries(
    names.filter((name) => options[name] !== stored[name]).map((name) => [name, options[name]]),
  );
}

/** Options that a task has stored. */
export function optionsOfTask(
  stored: Stored & { maxItems?: number | null; maxTotalChargeUsd?: number | null },
): RunOptions {
  return {
    memoryMbytes: stored.memoryMbytes ?? undefined,
    timeoutSecs: stored.timeoutSecs ?? undefined,
    build: stored.build ?? undefined,
    maxItems: stored.maxItems ?? undefined,
    maxTotalChargeUsd: stored.maxTotalChargeUsd ?? undefined,
    restartOnError: stored.restartOnError ?? undefined,
  };
}

/** Whole seconds, or an amount; undefined for an empty text, null for a text that is not a number of this kind. */
export function parseAmount(text: string, isWhole: boolean): number | undefined | null {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  return (isWhole ? /^\d+$/ : /^\d+(?:\.\d+)?$|^\.\d+$/).test(trimmed) ? Number(trimmed) : null;
}
