/** The eight numbers of a run as text. What was not measured is `–`; what is estimated or cut off is marked. */
import type { Figure, Report } from "@/api/run";
import type { StorageRecord } from "@/api/storageRecords";
import { bytes, computeUnits, count, MEBIBYTE, MISSING, megabytes, percent, plural, usd } from "@/format/numbers";

export type RunFact = { id: string; label: string; value: string; note: string; isBad?: boolean };

export function factsOf(report: Report, queue: StorageRecord | undefined): RunFact[] {
  return [
    memory(report),
    cpu(report),
    items(report),
    requests(queue),
    network(report),
    disk(report),
    cost(report),
    restarts(report),
  ];
}

/** The peak as a share of the limit; null if it is not known. */
export function memoryShare({ memory }: Report): number | null {
  if (memory.peakBytes.isLowerBound) return 1;
  return memory.peakBytes.value === null ? null : memory.peakBytes.value / memory.limitBytes;
}

function memory(report: Report): RunFact {
  const { peakBytes, limitBytes } = report.memory;
  const share = memoryShare(report);
  const isCut = peakBytes.isLowerBound;
  const shown = isCut ? `≥ ${megabytes(limitBytes)}` : megabytes(peakBytes.value);
  return {
    id: "memory",
    label: marked("Memory peak", peakBytes),
    value: peakBytes.value === null ? MISSING : `${shown} of ${megabytes(limitBytes)} MB`,
    note: share === null ? "not measured" : `${percent(share * 100)} of the limit`,
    isBad: isCut,
  };
}

function cpu({ cpu }: Report): RunFact {
  const { shareOfGrant, throttledShare } = cpu;
  return {
    id: "cpu",
    label: marked("CPU of the grant", shareOfGrant),
    value: percent(share(shareOfGrant)),
    note:
      throttledShare.value === null
        ? "throttling not measured"
        : `throttled ${percent(share(throttledShare))} of the time`,
  };
}

function items({ items, durationSecs }: Report): RunFact {
  const rate = items.value === null || durationSecs <= 0 ? null : items.value / durationSecs;
  return {
    id: "items",
    label: "Items",
    value: count(items.value),
    note:
      rate === null ? "" : rate === 0 ? "none stored" : `${rate < 0.1 ? "less than 0.1" : rate.toFixed(1)} per second`,
  };
}

function requests(queue: StorageRecord | undefined): RunFact {
  return {
    id: "requests",
    label: "Requests",
    value: count(queue?.totalRequestCount),
    note:
      queue === undefined
        ? ""
        : queue.totalRequestCount === 0
          ? "queue not used"
          : `${count(queue.pendingRequestCount)} pending`,
  };
}

function network({ network }: Report): RunFact {
  const { receivedBytes, sentBytes } = network;
  return {
    id: "network",
    label: "Network",
    value: receivedBytes.value === null ? MISSING : `${bytes(receivedBytes.value)} in`,
    note: sentBytes.value === null ? "not measured" : `${bytes(sentBytes.value)} out`,
  };
}

function disk({ disk }: Report): RunFact {
  const { peakBytes, limitBytes, enforcement } = disk;
  const peak = peakBytes.value;
  const how = enforcement === "none" ? "not enforced" : enforcement;
  return {
    id: "disk",
    label: marked("Disk peak", peakBytes),
    value: peak === null ? MISSING : peak > 0 && peak < MEBIBYTE / 2 ? "< 1 MB" : `${megabytes(peak)} MB`,
    note: `of ${megabytes(limitBytes)} MB, ${how}`,
  };
}

function cost({ cost, events }: Report): RunFact {
  const charged = events.reduce((sum, event) => sum + (event.count.value ?? 0), 0);
  return {
    id: "cost",
    label: "Cost, estimated",
    value: usd(cost.totalUsd.value),
    note: `${computeUnits(cost.computeUnits.value)} CU, ${charged === 0 ? "no events" : plural(charged, "event")}`,
  };
}

const RESTART_NAMES: Record<string, [string, string]> = {
  migrations: ["migration", "migrations"],
  reboots: ["reboot", "reboots"],
  metamorphs: ["metamorph", "metamorphs"],
  restartsOnError: ["restart on error", "restarts on error"],
  resurrections: ["resurrection", "resurrections"],
};

function restarts({ restarts }: Report): RunFact {
  const kinds = Object.entries(restarts).filter(([, times]) => times > 0);
  const names = kinds.map(([kind, times]) => plural(times, ...(RESTART_NAMES[kind] ?? [kind, kind])));
  return {
    id: "restarts",
    label: "Restarts",
    value: count(kinds.reduce((sum, [, times]) => sum + times, 0)),
    note: names.join(", ") || "no migration",
  };
}

function share({ value }: Figure): number | null {
  return value === null ? null : value * 100;
}

function marked(label: string, { basis }: Figure): string {
  return basis === "estimated" ? `${label}, estimated` : label;
}
