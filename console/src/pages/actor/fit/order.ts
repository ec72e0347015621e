/** The order of a fit, as its form edits it, and what it will need. */
import type { Fit, FitInput, FitOrder, Strategy } from "@/api/fits";
import { type JsonObject, writeJson } from "@/json/exact";
import { shellWord } from "@/start/copyAs";
import { parseAmount } from "@/start/options";

export const STRATEGIES: readonly (readonly [Strategy, string])[] = [
  ["smallest", "Smallest: the least memory that fits"],
  ["cheapest", "Cheapest: the lowest cost"],
  ["balanced", "Balanced: the lowest product of time and cost"],
  ["fastest", "Fastest: the shortest time"],
];

/** Texts are as typed. With `searches`, the server selects the sizes itself. */
export type Draft = {
  searches: boolean;
  sizes: readonly number[];
  repeat: string;
  parallel: string;
  strategy: Strategy;
  budgetMinutes: string;
  budgetUsd: string;
};

export type DraftErrors = Partial<Record<"sizes" | "repeat" | "parallel" | "budgetMinutes" | "budgetUsd", string>>;

const MAX_RUNS = 100;
const REPEAT = 3;
/** The first choice: half of the default memory to four times of it. */
const FIRST_FACTORS = [0.5, 1, 2, 4];

export function newDraft(defaultMbytes: number, possible: readonly number[]): Draft {
  return {
    searches: false,
    sizes: possible.filter((size) => FIRST_FACTORS.includes(size / defaultMbytes)),
    repeat: String(REPEAT),
    parallel: "1",
    strategy: "balanced",
    budgetMinutes: "",
    budgetUsd: "",
  };
}

/** The order of an earlier fit again. Sizes that are not possible now are left out. */
export function draftOfFit(fit: Fit, possible: readonly number[]): Draft {
  return {
    searches: !fit.sweeps,
    sizes: possible.filter((size) => fit.sweeps && fit.wantedSizes.includes(size)),
    repeat: String(fit.repeat),
    parallel: String(fit.parallel),
    strategy: fit.strategy,
    budgetMinutes: fit.budgetSecs === null ? "" : String(fit.budgetSecs / 60),
    budgetUsd: fit.budgetUsd === null ? "" : String(fit.budgetUsd),
  };
}

export function errorsOf(draft: Draft): DraftErrors {
  const errors: DraftErrors = {};
  if (!draft.searches && draft.sizes.length === 0) errors.sizes = "Select at least one size.";
  if (!isCount(draft.repeat)) errors.repeat = `Enter a number from 1 to ${MAX_RUNS}.`;
  if (!isCount(draft.parallel)) errors.parallel = `Enter a number from 1 to ${MAX_RUNS}.`;
  if (parseAmount(draft.budgetMinutes, false) === null) errors.budgetMinutes = "Enter a number of minutes.";
  if (parseAmount(draft.budgetUsd, false) === null) errors.budgetUsd = "Enter an amount in USD.";
  return errors;
}

function isCount(text: string): boolean {
  const value = parseAmount(text, true);
  return typeof value === "number" && value >= 1 && value <= MAX_RUNS;
}

export function orderOf(actorId: string, draft: Draft, inputs: FitInput[]): FitOrder {
  const minutes = parseAmount(draft.budgetMinutes, false);
  return {
    actor: actorId,
    inputs,
    sizes: draft.searches ? null : [...draft.sizes],
    repeat: Number(draft.repeat),
    parallel: Number(draft.parallel),
    strategy: draft.strategy,
    budgetSecs: typeof minutes === "number" ? minutes * 60 : null,
    budgetUsd: parseAmount(draft.budgetUsd, false) ?? null,
  };
}

/** The runs that the sizes need without the proof; null for a search, whose steps depend on its results. */
export function runsOf({ searches, sizes, repeat }: Draft, inputs: number): number | null {
  return searches ? null : sizes.length * (Number(repeat) || 0) * inputs;
}

/** The megabytes that the live runs can have together: as many of the largest runs as there may be at the same time. */
export function memoryAtOnce(draft: Draft, inputs: number, possible: readonly number[]): number {
  const sizes = draft.searches ? possible : draft.sizes;
  const each = Math.max(1, Number(draft.repeat) || 1) * inputs;
  let [left, sum] = [Math.max(1, Number(draft.parallel) || 1), 0];
  for (const size of [...sizes].sort((a, b) => b - a)) {
    const runs = Math.min(left, each);
    sum += runs * size;
    left -= runs;
  }
  return sum;
}

/** The fit as a command. `target` is the name of the Actor, or its folder. */
export function commandOf(target: string, draft: Draft, input: JsonObject | null): string {
  const budget = draft.budgetMinutes ? `${draft.budgetMinutes}m` : draft.budgetUsd ? `${draft.budgetUsd}usd` : "";
  return [
    `greenroom fit ${shellWord(target)}`,
    ...(input === null ? [] : [`-i ${shellWord(writeJson(input))}`]),
    ...(draft.searches ? [] : [`--sizes ${draft.sizes.join(",")}`]),
    ...(draft.repeat === "1" ? [] : [`--repeat ${draft.repeat}`]),
    ...(draft.strategy === "smallest" ? [] : [`--strategy ${draft.strategy}`]),
    ...(draft.parallel === "1" ? [] : [`--parallel ${draft.parallel}`]),
    ...(budget ? [`--budget ${budget}`] : []),
  ].join(" ");
}
