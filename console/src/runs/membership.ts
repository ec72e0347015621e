/** Which runs belong to a list of runs, as far as a page can know: the server decides. */
import { instant, type RunFilter, type RunSummary } from "@/api/runs";
import { isLive } from "@/ui/StatusPill";

/** Whether a run has the status that the list shows. */
export function hasStatusOf({ status }: RunSummary, filter: RunFilter): boolean {
  if (filter.status === undefined) return true;
  return filter.status === "LIVE" ? isLive(status) : status === filter.status;
}

/** Whether a run can be in a list. Where only the server knows, it can. */
export function canBeIn(filter: RunFilter, run: RunSummary, now: number): boolean {
  const startedAt = Date.parse(run.startedAt);
  return (
    hasStatusOf(run, filter) &&
    isOfActor(run, filter.actor) &&
    (filter.task === undefined || filter.task.includes("~") || run.taskId === filter.task) &&
    (filter.origin === undefined || run.origin === filter.origin) &&
    (filter.from === undefined || startedAt >= Date.parse(instant(filter.from, now))) &&
    (filter.to === undefined || startedAt <= Date.parse(instant(filter.to, now))) &&
    contains(run, filter.q ?? "")
  );
}

/** `actor` is an id or `username~name`, whose name the user may leave out. */
function isOfActor({ actorId, actorName }: RunSummary, actor: string | undefined): boolean {
  if (actor === undefined || actor === actorId || actorName === null) return true;
  const [username, name] = actor.split("~");
  if (name === undefined) return false;
  return (
    actorName.endsWith(`/${name}`) && (["", "me"].includes(username ?? "") || actorName.startsWith(`${username}/`))
  );
}

/** Whether each word occurs in the Actor's names or in the message, or begins the id of the run. */
function contains({ id, actorName, actorTitle, statusMessage }: RunSummary, text: string): boolean {
  const names = `${actorName ?? ""} ${actorName?.replace("/", "~") ?? ""} ${actorTitle ?? ""} ${statusMessage ?? ""}`;
  const words = text.split(/\s+/).filter(Boolean);
  return words.every((word) => id.startsWith(word) || names.toLowerCase().includes(word.toLowerCase()));
}

const MAX_KNOWN = 2_000;

/** Which runs have entered or left a list, according to events. Each change of a run is noticed once. */
export class Membership {
  private readonly known = new Map<string, boolean>();

  constructor(private readonly filter: RunFilter) {}

  /** Whether the run of an event has entered or left the list since its last event. */
  hasChanged(run: RunSummary, isShown: boolean, now: number): boolean {
    const before = this.known.get(run.id) ?? isShown;
    const isIn = canBeIn(this.filter, run, now);
    if (this.known.size >= MAX_KNOWN) this.known.clear();
    this.known.set(run.id, isIn);
    return isIn !== before;
  }

  /** Events were missed. */
  forget(): void {
    this.known.clear();
  }
}
