import { CircleStop, Flame } from "lucide-react";
import { useState } from "react";
import { messageOf } from "@/api/errors";
import { type StandbyTarget, stopStandby, useWarmUp } from "@/api/standby";
import { plural } from "@/format/numbers";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/Dialog";
import { showToast } from "@/ui/toasts";
import { nameOf } from "./state";

/** Starts a run before a request needs it, and stops all runs. */
export function StandbyActions({ target }: { target: StandbyTarget }) {
  const [isStopping, setStopping] = useState(false);
  const warming = useWarmUp(target);
  const usable = target.runs.filter(({ isEnding }) => !isEnding);
  const warmUp = () =>
    warming.mutate(undefined, {
      onSuccess: ({ runId }) => showToast({ kind: "done", text: `Run ${runId} is ready for requests.` }),
      onError: (error) => showToast({ kind: "error", text: messageOf(error) }),
    });
  return (
    <>
      {target.isEnabled && (
        <Button
          small
          icon={<Flame aria-hidden />}
          needsServer
          disabled={usable.length > 0 || target.buildNumber === null}
          isPending={warming.isPending}
          onClick={warmUp}
        >
          Warm up
        </Button>
      )}
      <Button small icon={<CircleStop aria-hidden />} disabled={usable.length === 0} onClick={() => setStopping(true)}>
        Stop
      </Button>
      {isStopping && <StopDialog target={target} count={usable.length} onClose={() => setStopping(false)} />}
    </>
  );
}

type StopProps = { target: StandbyTarget; count: number; onClose: () => void };

function StopDialog({ target, count, onClose }: StopProps) {
  const open = target.openRequests > 0 ? `, with ${plural(target.openRequests, "open request")}` : "";
  return (
    <ConfirmDialog
      title={`Stop the runs of ${nameOf(target)}?`}
      description={`${plural(count, "run")} end within 30 seconds${open}. The next request starts a new run.`}
      action="Stop the runs"
      isDangerous
      onConfirm={() => stopStandby(target)}
      onClose={onClose}
    />
  );
}
