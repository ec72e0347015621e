import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Ban, Box, CircleMinus, Copy, Ellipsis, ExternalLink, Link2, Play, RotateCcw, Trash2 } from "lucide-react";
import { useState } from "react";
import { messageOf } from "@/api/errors";
import { deleteRun, resurrectRun } from "@/api/runOrders";
import type { RunSummary } from "@/api/runs";
import { sendOrder } from "@/live/orders";
import { IconButton } from "@/ui/Button";
import { copyText } from "@/ui/CopyButton";
import { ConfirmDialog } from "@/ui/Dialog";
import { Menu, MenuItem, MenuSeparator } from "@/ui/Menu";
import { isLive } from "@/ui/StatusPill";
import { showToast } from "@/ui/toasts";
import { runPath } from "./paths";
import { actorName } from "./runColumns";

type Props = { run: RunSummary; onAbort: (run: RunSummary, isGraceful: boolean) => void };

/** What can be done with a run of a list. Until it is opened it is only a button, since there is one in each row. */
export function RunMenu({ run, onAbort }: Props) {
  const [isUsed, setUsed] = useState(false);
  if (isUsed) return <UsedMenu run={run} onAbort={onAbort} />;
  return (
    <IconButton
      variant="quiet"
      small
      label={`Actions of run ${run.id}`}
      aria-haspopup="menu"
      icon={<Ellipsis aria-hidden />}
      onClick={() => setUsed(true)}
    />
  );
}

function UsedMenu({ run, onAbort }: Props) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [isDeleting, setDeleting] = useState(false);
  const resurrect = () => {
    const order = { kind: "run" as const, id: run.id, verb: "resurrect", status: run.status };
    sendOrder(queries, { ...order, send: () => resurrectRun(run.id) }).catch((error) =>
      showToast({ kind: "error", text: `Run ${run.id} was not resurrected: ${messageOf(error)}` }),
    );
  };
  const remove = async () => {
    await deleteRun(run.id);
    queries.removeQueries({ queryKey: ["run", run.id] });
    await queries.invalidateQueries({ queryKey: ["run"] });
  };
  const trigger = (
    <IconButton variant="quiet" small label={`Actions of run ${run.id}`} icon={<Ellipsis aria-hidden />} />
  );
  return (
    <>
      <Menu trigger={trigger} isOpenAtFirst>
        <MenuItem icon={<ExternalLink />} onSelect={() => window.open(runPath(run), "_blank", "noopener")}>
          Open in a new tab
        </MenuItem>
        <MenuItem icon={<Play />} onSelect={() => void navigate({ href: `/actors/${run.actorId}?run=${run.id}` })}>
          Start again
        </MenuItem>
        <MenuItem icon={<Box />} onSelect={() => void navigate({ href: `/actors/${run.actorId}` })}>
          Open {actorName(run)}
        </MenuItem>
        <MenuItem icon={<Copy />} onSelect={() => void copyText(run.id)}>
          Copy the ID
        </MenuItem>
        <MenuItem icon={<Link2 />} onSelect={() => void copyText(new URL(runPath(run), location.origin).href)}>
          Copy the link
        </MenuItem>
        <MenuSeparator />
        {isLive(run.status) ? (
          <>
            <MenuItem needsServer icon={<CircleMinus />} onSelect={() => onAbort(run, true)}>
              Abort gracefully
            </MenuItem>
            <MenuItem needsServer isDangerous icon={<Ban />} onSelect={() => onAbort(run, false)}>
              Abort now
            </MenuItem>
          </>
        ) : (
          <>
            <MenuItem needsServer icon={<RotateCcw />} onSelect={resurrect}>
              Resurrect
            </MenuItem>
            <MenuItem needsServer isDangerous icon={<Trash2 />} onSelect={() => setDeleting(true)}>
              Delete
            </MenuItem>
          </>
        )}
      </Menu>
      {isDeleting && (
        <ConfirmDialog
          title="Delete the run?"
          description={`Run ${run.id} of ${actorName(run)} is deleted with its log and its unnamed storages.`}
          action="Delete the run"
          isDangerous
          onClose={() => setDeleting(false)}
          onConfirm={remove}
        />
      )}
    </>
  );
}
