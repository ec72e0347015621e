import { useNavigate } from "@tanstack/react-router";
import type { ActorRecord } from "@/api/actors";
import { dataOf, platform } from "@/api/client";
import { ConfirmDialog } from "@/ui/Dialog";
import { showToast } from "@/ui/toasts";

/** Opened by the address that the API returns if an Actor of another user wants full permissions. */
export function ApprovalDialog({ actor }: { actor: ActorRecord }) {
  const navigate = useNavigate();
  const close = () =>
    void navigate({ to: "/actors/$actorId", params: { actorId: actor.id }, search: {}, replace: true });
  const isFull = actor.actorPermissionLevel === "FULL_PERMISSIONS";
  const approve = async () => {
    if (isFull) return;
    await dataOf(
      platform.PUT("/v2/actors/{actorId}", {
        params: { path: { actorId: actor.id } },
        body: { actorPermissionLevel: "FULL_PERMISSIONS" },
      }),
    );
    showToast({ kind: "done", text: `Runs of ${actor.name} get full permissions.` });
  };
  return (
    <ConfirmDialog
      title={`Approve full permissions for ${actor.name}?`}
      description={
        isFull
          ? "Runs of this Actor already get full permissions: they can read and change everything in your account. Greenroom needs no further approval."
          : "Its runs can then read and change everything in your account. Now they are limited to their own storages."
      }
      action={isFull ? "Approve" : "Approve full permissions"}
      onConfirm={approve}
      onClose={close}
    />
  );
}
