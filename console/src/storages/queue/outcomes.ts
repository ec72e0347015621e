import type { Outcome } from "@/api/queueRequests";

export const OUTCOMES: Outcome[] = ["pending", "locked", "handled", "failed"];

const LABELS: Record<Outcome, string> = {
  pending: "Pending",
  locked: "In progress",
  handled: "Handled",
  failed: "Failed",
};

export function outcomeLabel(outcome: Outcome): string {
  return LABELS[outcome];
}
