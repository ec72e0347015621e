import { ConfirmDialog } from "@/ui/Dialog";
import { useRunActions } from "../useRunActions";
import type { RunDialogProps } from "./props";

export function DeleteDialog({ run, onClose }: RunDialogProps) {
  const { remove } = useRunActions(run);
  return (
    <ConfirmDialog
      title="Delete the run?"
      description="Its log, its metrics and its default storages are deleted too. This cannot be undone."
      action="Delete the run"
      isDangerous
      onClose={onClose}
      onConfirm={remove}
    />
  );
}
