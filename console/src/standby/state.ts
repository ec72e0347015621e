/** What the page shows of an Actor or task with Standby, and of its runs. */
import type { StandbyRun, StandbyTarget } from "@/api/standby";
import { withoutOwner } from "@/format/names";
import { count } from "@/format/numbers";
import type { Status } from "@/ui/StatusPill";

/** A pill: the look of a status, with a word of its own. */
export type State = { status: Status; text: string };

const SECOND = 1000;

export function stateOf({ runs, isEnabled, buildNumber, problem, openRequests }: StandbyTarget): State {
  const usable = runs.filter(({ isEnding }) => !isEnding);
  if (!isEnabled) return { status: "ABORTING", text: "Stopping" };
  if (usable.some(({ isReady }) => isReady))
    return { status: "SUCCEEDED", text: openRequests > 0 ? "Serving" : "Ready" };
  if (usable.length > 0) return { status: "RUNNING", text: "Starting" };
  if (runs.length > 0) return { status: "ABORTING", text: "Stopping" };
  if (buildNumber === null) return { status: "FAILED", text: "No build" };
  return problem === null ? { status: "READY", text: "No run" } : { status: "FAILED", text: "Not started" };
}

export function runStateOf({ isEnding, isOutdated, isReady, openRequests, requests }: StandbyRun): State {
  if (isEnding) return { status: "ABORTING", text: "Stopping" };
  if (isOutdated) return { status: "ABORTING", text: "Draining" };
  if (!isReady) return { status: "RUNNING", text: requests > 0 ? "Not listening" : "Starting" };
  return { status: "SUCCEEDED", text: openRequests > 0 ? "Serving" : "Ready" };
}

/** When a run stops if no request arrives; null while it has one, starts or is already stopping. */
export function stopsAt(run: StandbyRun, { settings }: StandbyTarget): number | null {
  if (run.idleSince === null || !run.isReady || run.isEnding || run.isOutdated) return null;
  return Date.parse(run.idleSince) + settings.idleTimeoutSecs * SECOND;
}

/** The most open requests that the runs serve together. */
export function capacityOf({ runs, settings }: StandbyTarget): number {
  return runs.filter(({ isEnding, isOutdated }) => !isEnding && !isOutdated).length * settings.maxRequestsPerActorRun;
}

/** Requests a second: one decimal below 100. */
export function rate(perSec: number): string {
  return perSec >= 100 ? count(perSec) : String(Number(perSec.toFixed(1)));
}

export function nameOf({ taskName, actorName }: StandbyTarget): string {
  return taskName ?? withoutOwner(actorName);
}

export function settingsPath({ actorId, taskId }: StandbyTarget): string {
  return taskId === null ? `/actors/${actorId}/standby` : `/actors/tasks/${taskId}/standby`;
}

/** The settings that apply, in short. */
export function settingsSentence({ settings }: StandbyTarget): string {
  const { desiredRequestsPerActorRun: desired, maxRequestsPerActorRun: most } = settings;
  return [
    `${count(desired)} desired and at most ${count(most)} requests a run`,
    `idle timeout ${count(settings.idleTimeoutSecs)} s`,
    `build ${settings.build}`,
    `${settings.memoryMbytes} MB`,
    settings.shouldPassActorInput ? "with input" : "without input",
  ].join(" · ");
}

/** The address with a host name of its own. Browsers resolve it everywhere, so `url` may be the other form. */
export function hostForm({ label, pageUrl }: StandbyTarget): string {
  const { port } = new URL(pageUrl);
  return `http://${label}.localhost${port && `:${port}`}`;
}
