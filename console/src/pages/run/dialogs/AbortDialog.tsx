import { useState } from "react";
import type { Run } from "@/api/run";
import { abortRun } from "@/api/runOrders";
import { ConfirmDialog } from "@/ui/Dialog";
import { Checkbox } from "@/ui/Field";
import { useRunActions } from "../useRunActions";

export type RunDialogProps = { run: Run; onClose: () => void };

export function AbortDialog({ run, onClose }: RunDialogProps) {
  const { order } = useRunActions(run);
  const [isGraceful, setGraceful] = useState(true);
  return (
    <ConfirmDialog
      title="Abort the run?"
      description="The run ends with the status Aborted. Its storages stay, and it can be resurrected."
      action="Abort the run"
      isDangerous
      onClose={onClose}
      onConfirm={() => order("abort", run.status, () => abortRun(run.id, isGraceful))}
    >
      <Checkbox
        label="Gracefully: give the Actor 30 seconds to store its state"
        checked={isGraceful}
        onChange={setGraceful}
      />
    </ConfirmDialog>
  );
}
