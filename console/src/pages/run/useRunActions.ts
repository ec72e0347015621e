import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import { messageOf } from "@/api/errors";
import type { Run } from "@/api/run";
import {
  abortRun,
  deleteRun,
  migrateRun,
  rebootRun,
  resurrectRun,
  type StartChanges,
  startAgain,
} from "@/api/runOrders";
import { sendOrder, usePendingOrder } from "@/live/orders";
import { createStore, useStore } from "@/ui/store";
import { showToast } from "@/ui/toasts";

/** The server's words about the last order of a page that it rejected. */
/** The run from which another one is being started, whichever of the buttons did it. */
const starting = createStore<string | null>(null);
const rejection = createStore<{ runId: string; text: string } | null>(null);

export function useRejection(run: Run): string | null {
  const last = useStore(rejection);
  return last?.runId === run.id ? last.text : null;
}

export function clearRejection(): void {
  rejection.set(null);
}

/** The orders about a run. Those that need no dialog report an error above the page's content. */
export function useRunActions(run: Run) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const isStarting = useStore(starting) === run.id;
  const ordered = usePendingOrder("run", run.id);
  /** Send an order and throw its error, for dialogs. */
  const order = useCallback(
    (verb: string, status: string | null, send: () => Promise<unknown>) => {
      clearRejection();
      return sendOrder(queries, { kind: "run", id: run.id, verb, status, send });
    },
    [queries, run.id],
  );
  const report = (promise: Promise<unknown>) =>
    promise.catch((error: unknown) => rejection.set({ runId: run.id, text: messageOf(error) }));
  const startNow = async (changes: StartChanges) => {
    const id = await startAgain(run, changes);
    showToast({ kind: "done", text: "Started the Actor again." });
    await navigate({ to: "/actors/runs/$runId", params: { runId: id } });
  };
  const start = async (changes: StartChanges) => {
    if (starting.get() !== null) return;
    starting.set(run.id);
    clearRejection();
    await report(startNow(changes));
    starting.set(null);
  };
  const remove = async () => {
    await deleteRun(run.id);
    showToast({ kind: "done", text: `Deleted the run ${run.id}.` });
    await navigate({ to: "/actors/runs" });
  };
  const resurrectNow = (changes: StartChanges) => order("resurrect", run.status, () => resurrectRun(run.id, changes));
  return {
    pending: isStarting ? "start" : ordered,
    order,
    start,
    startNow,
    remove,
    resurrectNow,
    abort: (gracefully: boolean) => report(order("abort", run.status, () => abortRun(run.id, gracefully))),
    reboot: () => report(order("reboot", null, () => rebootRun(run.id))),
    migrate: () => report(order("migrate", null, () => migrateRun(run.id))),
    resurrect: (changes: StartChanges) => report(resurrectNow(changes)),
  };
}
