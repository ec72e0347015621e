import { useQueryClient } from "@tanstack/react-query";
import { messageOf } from "@/api/errors";
import { abortRun } from "@/api/runOrders";
import type { RunSummary } from "@/api/runs";
import { plural } from "@/format/numbers";
import { sendOrder } from "@/live/orders";
import { ConfirmDialog } from "@/ui/Dialog";
import { isLive } from "@/ui/StatusPill";

export type AbortOrder = { runs: RunSummary[]; isGraceful: boolean };

type Props = AbortOrder & { onClose: () => void };

/** Asks before runs are aborted, and names those that it cannot abort. */
export function AbortDialog({ runs, isGraceful, onClose }: Props) {
  const queries = useQueryClient();
  const live = runs.filter(({ status }) => isLive(status));
  const ended = runs.length - live.length;
  const abort = async () => {
    const results = await Promise.allSettled(
      live.map(({ id, status }) => {
        const order = { kind: "run" as const, id, status, verb: isGraceful ? "abort gracefully" : "abort" };
        return sendOrder(queries, { ...order, send: () => abortRun(id, isGraceful) });
      }),
    );
    const failed = results.filter((result) => result.status === "rejected");
    if (failed[0]) throw new Error(`${failed.length} of ${live.length} not aborted: ${messageOf(failed[0].reason)}`);
  };
  const what = live.length === 1 ? "the run" : plural(live.length, "run");
  const [each, their] = live.length === 1 ? ["It", "Its container is"] : ["Each of them", "Their containers are"];
  const how = isGraceful
    ? `${each} gets 30 seconds to finish what it does, then its container is stopped.`
    : `${their} stopped immediately. What was not stored is lost.`;
  return (
    <ConfirmDialog
      title={isGraceful ? `Abort ${what} gracefully?` : `Abort ${what} now?`}
      description={ended === 0 ? how : `${how} ${ended} of ${runs.length} already ended.`}
      action={`Abort ${what}`}
      isDangerous={!isGraceful}
      onClose={onClose}
      onConfirm={abort}
    />
  );
}
