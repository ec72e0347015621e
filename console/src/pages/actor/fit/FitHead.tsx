import { Link, useNavigate } from "@tanstack/react-router";
import { AppWindow, ChevronDown, Download, FileText, History, RefreshCw, Square, Trash2 } from "lucide-react";
import { useState } from "react";
import type { ActorRecord } from "@/api/actors";
import { messageOf } from "@/api/errors";
import { type Fit, type FitSummary, isLiveFit, readFitPage, useDeleteFit, useStopFit } from "@/api/fits";
import { plural } from "@/format/numbers";
import { durationInWords, shortTime } from "@/format/times";
import { Button, buttonClass, IconButton } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/Dialog";
import { LiveDuration } from "@/ui/LiveDuration";
import { Menu, MenuItem } from "@/ui/Menu";
import { saveFile } from "@/ui/saveFile";
import { showToast } from "@/ui/toasts";
import styles from "./Fit.module.css";
import { reportOf } from "./report";

const ENDS = { FINISHED: "Finished", STOPPED: "Stopped", FAILED: "Failed" } as const;

type Props = { actor: ActorRecord; fit: Fit; fits: FitSummary[] };

/** What was measured and when, with what one can do next. */
export function FitHead({ actor, fit, fits }: Props) {
  const isLive = isLiveFit(fit);
  return (
    <header className={styles.head}>
      <h2>{titleOf(fit)}</h2>
      <p className={styles.note}>
        {isLive ? <LiveState fit={fit} /> : endOf(fit)}
        {fit.inputs.length === 1 && fit.inputs[0] ? ` · input “${fit.inputs[0]}”` : ""}
        {fit.inputs.length > 1 ? ` · ${fit.inputs.length} inputs` : ""} · strategy: {fit.strategy} · build{" "}
        {fit.buildNumber}
      </p>
      <div className={styles.actions}>
        <EarlierFits actor={actor} fit={fit} fits={fits} />
        {isLive ? (
          <StopButton fit={fit} />
        ) : (
          <>
            <DeleteButton actor={actor} fit={fit} />
            <ReportMenu actor={actor} fit={fit} />
            <Link
              to="/actors/$actorId/$tab/$item"
              params={{ actorId: actor.id, tab: "fit", item: "new" }}
              search={{ from: fit.id }}
              className={buttonClass()}
            >
              <RefreshCw aria-hidden />
              Run again
            </Link>
          </>
        )}
      </div>
    </header>
  );
}

function titleOf({ sweeps, wantedSizes, repeat }: Fit): string {
  const runs = `${plural(repeat, "run")} each`;
  return sweeps ? `${plural(wantedSizes.length, "size")}, ${runs}` : `Search for the size, ${runs}`;
}

function LiveState({ fit }: { fit: Fit }) {
  return (
    <>
      {fit.status === "STOPPING" ? "Stopping" : "Running"} since {shortTime(fit.createdAt)},{" "}
      <LiveDuration startedAt={fit.createdAt} finishedAt={null} inWords />
    </>
  );
}

function endOf({ status, createdAt, finishedAt }: Fit): string {
  const word = ENDS[status as keyof typeof ENDS];
  if (finishedAt === null) return word;
  return `${word} ${shortTime(finishedAt)}, took ${durationInWords(Date.parse(finishedAt) - Date.parse(createdAt))}`;
}

function EarlierFits({ actor, fit, fits }: Props) {
  const navigate = useNavigate();
  const others = fits.filter(({ id }) => id !== fit.id);
  if (others.length === 0) return null;
  const open = (item: string) =>
    void navigate({ to: "/actors/$actorId/$tab/$item", params: { actorId: actor.id, tab: "fit", item } });
  const trigger = (
    <Button variant="quiet" icon={<History aria-hidden />}>
      Other fits <span className={styles.count}>{others.length}</span>
    </Button>
  );
  return (
    <Menu trigger={trigger}>
      {others.map((each) => (
        <MenuItem key={each.id} note={resultOf(each)} onSelect={() => open(each.id)}>
          {shortTime(each.createdAt)}
        </MenuItem>
      ))}
    </Menu>
  );
}

export function resultOf(fit: FitSummary): string {
  if (isLiveFit(fit)) return "running";
  if (fit.memoryMbytes === null) return fit.status === "STOPPED" ? "stopped" : "no size";
  return `${fit.memoryMbytes} MB${fit.isProven ? "" : ", not proven"}`;
}

function ReportMenu({ actor, fit }: { actor: ActorRecord; fit: Fit }) {
  const savePage = async () => {
    try {
      saveFile(`${actor.name}-fit.html`, await readFitPage(fit.id), "text/html");
    } catch (error) {
      showToast({ kind: "error", text: `The report was not downloaded: ${messageOf(error)}` });
    }
  };
  const saveText = () => saveFile(`${actor.name}-fit.md`, reportOf(actor.name, fit), "text/markdown");
  const trigger = (
    <Button icon={<Download aria-hidden />} title="Download the result">
      Report
      <ChevronDown aria-hidden />
    </Button>
  );
  return (
    <Menu trigger={trigger}>
      <MenuItem needsServer icon={<AppWindow />} note="one file" onSelect={() => void savePage()}>
        Web page
      </MenuItem>
      <MenuItem icon={<FileText />} note="for an issue" onSelect={saveText}>
        Markdown
      </MenuItem>
    </Menu>
  );
}

function StopButton({ fit }: { fit: Fit }) {
  const [isAsking, setAsking] = useState(false);
  const stop = useStopFit(fit.id);
  return (
    <>
      <Button
        variant="danger"
        needsServer
        icon={<Square aria-hidden />}
        isPending={fit.status === "STOPPING"}
        onClick={() => setAsking(true)}
      >
        {fit.status === "STOPPING" ? "Stopping" : "Stop"}
      </Button>
      {isAsking && (
        <ConfirmDialog
          title="Stop this fit?"
          description="Its live runs are aborted. What was measured until now remains."
          action="Stop the fit"
          isDangerous
          onConfirm={() => stop.mutateAsync()}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}

function DeleteButton({ actor, fit }: { actor: ActorRecord; fit: Fit }) {
  const [isAsking, setAsking] = useState(false);
  const navigate = useNavigate();
  const remove = useDeleteFit(fit.id);
  return (
    <>
      <IconButton variant="quiet" label="Delete" icon={<Trash2 aria-hidden />} onClick={() => setAsking(true)} />
      {isAsking && (
        <ConfirmDialog
          title="Delete this fit?"
          description="Its measurements are deleted. Runs that still exist stay."
          action="Delete the fit"
          isDangerous
          onConfirm={async () => {
            await remove.mutateAsync();
            showToast({ kind: "done", text: "Deleted the fit." });
            await navigate({ to: "/actors/$actorId/$tab", params: { actorId: actor.id, tab: "fit" } });
          }}
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}
