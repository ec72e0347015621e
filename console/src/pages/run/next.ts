/** What the user can do next about a run that ended. The causes of an explanation name a command; buttons do the same. */
import type { Explanation, Run } from "@/api/run";
import type { StartChanges } from "@/api/runOrders";
import { durationInWords } from "@/format/times";

export type Step =
  | { kind: "start"; label: string; changes: StartChanges }
  | { kind: "resurrect"; label: string }
  | { kind: "fit"; label: string };

export type Next = { primary: Step; secondary: Step; command: string };

const START: Step = { kind: "start", label: "Start again", changes: {} };
const RESURRECT: Step = { kind: "resurrect", label: "Resurrect" };
const FIT: Step = { kind: "fit", label: "Find the right size" };

export function nextOf({ command }: Explanation, run: Run): Next {
  const memoryMbytes = numberIn(command, /(?:--memory|-m) (\d+)/);
  if (memoryMbytes !== null && memoryMbytes !== run.options.memoryMbytes) {
    const primary: Step = { kind: "start", label: `Start again with ${memoryMbytes} MB`, changes: { memoryMbytes } };
    return { primary, secondary: FIT, command };
  }
  const timeoutSecs = numberIn(command, /--timeout (\d+)/);
  if (timeoutSecs !== null) {
    const label = `Start again with ${durationInWords(timeoutSecs * 1000)}`;
    return { primary: { kind: "start", label, changes: { timeoutSecs } }, secondary: RESURRECT, command };
  }
  if (command.startsWith("greenroom resurrect ")) return { primary: RESURRECT, secondary: START, command };
  return { primary: START, secondary: RESURRECT, command };
}

function numberIn(command: string, pattern: RegExp): number | null {
  const found = pattern.exec(command)?.[1];
  return found === undefined ? null : Number(found);
}
