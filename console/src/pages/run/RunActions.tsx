import { useNavigate } from "@tanstack/react-router";
import {
  ChevronDown,
  Ellipsis,
  MemoryStick,
  MoveRight,
  OctagonX,
  Play,
  RefreshCw,
  RotateCcw,
  Shuffle,
  SquarePen,
} from "lucide-react";
import { useState } from "react";
import type { Run } from "@/api/run";
import { AbortDialog } from "@/runs/AbortDialog";
import { Button, IconButton } from "@/ui/Button";
import { useKeys } from "@/ui/keys";
import { Menu, MenuItem } from "@/ui/Menu";
import { SplitButton } from "@/ui/SplitButton";
import { isLive } from "@/ui/StatusPill";
import { DeleteDialog } from "./dialogs/DeleteDialog";
import { MemoryDialog } from "./dialogs/MemoryDialog";
import { MetamorphDialog } from "./dialogs/MetamorphDialog";
import type { RunDialogProps } from "./dialogs/props";
import { ResurrectDialog } from "./dialogs/ResurrectDialog";
import { MoreItems } from "./MoreItems";
import { clearRejection, useRunActions } from "./useRunActions";

const DIALOGS = {
  abort: AbortThis,
  metamorph: MetamorphDialog,
  resurrect: ResurrectDialog,
  memory: MemoryDialog,
  delete: DeleteDialog,
};
type DialogName = keyof typeof DIALOGS;
type Props = { run: Run; open: (dialog: DialogName) => void };

/** What the user can order about a run. */
export function RunActions({ run }: { run: Run }) {
  const [dialog, setDialog] = useState<DialogName | null>(null);
  const live = isLive(run.status);
  const { start } = useRunActions(run);
  useKeys(live ? { a: () => setDialog("abort") } : { s: () => start({}) });
  const OpenDialog = dialog && DIALOGS[dialog];
  return (
    <>
      {live ? <LiveActions run={run} open={setDialog} /> : <EndedActions run={run} open={setDialog} />}
      {OpenDialog && <OpenDialog run={run} onClose={() => setDialog(null)} />}
    </>
  );
}

function AbortThis({ run, onClose }: RunDialogProps) {
  const close = () => {
    clearRejection();
    onClose();
  };
  return <AbortDialog runs={[run]} isGraceful onClose={close} />;
}

function LiveActions({ run, open }: Props) {
  const { pending, abort, reboot, migrate } = useRunActions(run);
  const isRunning = run.status === "RUNNING";
  return (
    <>
      <Menu
        trigger={
          <Button
            needsServer
            icon={<OctagonX aria-hidden />}
            isPending={pending === "abort" || run.status === "ABORTING"}
          >
            {pending === "abort" || run.status === "ABORTING" ? "Aborting" : "Abort"}
            <ChevronDown aria-hidden />
          </Button>
        }
      >
        <MenuItem needsServer note="the Actor gets 30 s" onSelect={() => void abort(true)}>
          Gracefully
        </MenuItem>
        <MenuItem needsServer isDangerous onSelect={() => void abort(false)}>
          Now
        </MenuItem>
      </Menu>
      <Button
        needsServer
        icon={<RefreshCw aria-hidden />}
        disabled={!isRunning}
        isPending={pending === "reboot"}
        onClick={() => void reboot()}
      >
        {pending === "reboot" ? "Rebooting" : "Reboot"}
      </Button>
      <Button
        needsServer
        icon={<MoveRight aria-hidden />}
        disabled={!isRunning}
        isPending={pending === "migrate"}
        onClick={() => void migrate()}
      >
        {pending === "migrate" ? "Migrating" : "Migrate"}
      </Button>
      <Button icon={<Shuffle aria-hidden />} disabled={!isRunning} onClick={() => open("metamorph")}>
        Metamorph
      </Button>
      <MoreMenu run={run} open={open} />
    </>
  );
}

function EndedActions({ run, open }: Props) {
  const { pending, start } = useRunActions(run);
  return (
    <>
      <Button
        needsServer
        icon={<RotateCcw aria-hidden />}
        isPending={pending === "resurrect"}
        onClick={() => open("resurrect")}
      >
        Resurrect
      </Button>
      <MoreMenu run={run} open={open} />
      <SplitButton
        needsServer
        variant={run.status === "SUCCEEDED" ? "primary" : "secondary"}
        icon={<Play aria-hidden />}
        isPending={pending === "start"}
        title="Start again with the same input and options (s)"
        onClick={() => void start({})}
        menuLabel="Other ways to start again"
        menu={<StartVariants run={run} open={open} />}
      >
        Start again
      </SplitButton>
    </>
  );
}

function StartVariants({ run, open }: Props) {
  const navigate = useNavigate();
  return (
    <>
      <MenuItem icon={<SquarePen />} onSelect={() => void navigate({ href: `/actors/${run.actId}?run=${run.id}` })}>
        Edit the input
      </MenuItem>
      <MenuItem icon={<MemoryStick />} onSelect={() => open("memory")}>
        With other memory
      </MenuItem>
    </>
  );
}

function MoreMenu({ run, open }: Props) {
  return (
    <Menu trigger={<IconButton label="More" data-icon icon={<Ellipsis aria-hidden />} />}>
      <MoreItems run={run} onDelete={() => open("delete")} />
    </Menu>
  );
}
