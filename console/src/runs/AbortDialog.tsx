import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { messageOf } from "@/api/errors";
import { abortRun } from "@/api/runOrders";
import { plural } from "@/format/numbers";
import { sendOrder } from "@/live/orders";
import { ConfirmDialog } from "@/ui/Dialog";
import { Checkbox } from "@/ui/Field";
import { isLive } from "@/ui/StatusPill";

export type AbortOrder = { runs: { id: string; status: string }[]; isGraceful: boolean };

type Props = AbortOrder & { onClose: () => void };

/** Asks before runs are aborted, and names those that it cannot abort. `isGraceful` is what the user has chosen until now. */
export function AbortDialog({ runs, isGraceful: isGracefulFirst, onClose }: Props) {
  const queries = useQueryClient();
  const [isGraceful, setGraceful] = useState(isGracefulFirst);
  const live = runs.filter(({ status }) => isLive(status));
  const ended = runs.length - live.length;
  const abort = async () => {
    const results = await Promise.allSettled(
      live.map(({ id, status }) => {
        const order = { kind: "run" as const, id, status, verb: "abort" };
        return sendOrder(queries, { ...order, send: () => abortRun(id, isGraceful) });
      }),
    );
    const failed = results.filter((result) => result.status === "rejected");
    if (!failed[0]) return;
    const reason = messageOf(failed[0].reason);
    throw new Error(live.length === 1 ? reason : `${failed.length} of ${live.length} not aborted: ${reason}`);
  };
  const what = live.length === 1 ? "the run" : plural(live.length, "run");
  const [each, their] = live.length === 1 ? ["The run", "Its storages"] : ["Each run", "Their storages"];
  const effect = `${each} ends with the status Aborted. ${their} stay, and it can be resurrected.`;
  return (
    <ConfirmDialog
      title={`Abort ${what}?`}
      description={ended === 0 ? effect : `${effect} ${ended} of ${runs.length} already ended.`}
      action={`Abort ${what}`}
      isDangerous={!isGraceful}
      onClose={onClose}
      onConfirm={abort}
    >
      <Checkbox
        label={`Gracefully: give ${live.length === 1 ? "the Actor" : "each Actor"} 30 seconds to store its state`}
        checked={isGraceful}
        onChange={setGraceful}
      />
    </ConfirmDialog>
  );
}
