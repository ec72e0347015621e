import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { BadgeAlert, BadgeCheck, Check, Play } from "lucide-react";
import { type ActorRecord, versionQuery } from "@/api/actors";
import { messageOf } from "@/api/errors";
import { type Application, type Fit, fitPreviewQuery, type Recommendation, useApplyFit } from "@/api/fits";
import { MEBIBYTE, MISSING, megabytes } from "@/format/numbers";
import { durationInWords } from "@/format/times";
import { Button, buttonClass } from "@/ui/Button";
import { CommandLine } from "@/ui/CommandLine";
import { ErrorNote, QueryError } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { showToast } from "@/ui/toasts";
import { Diff } from "./Diff";
import { commandOf, draftOfFit } from "./order";
import styles from "./RecommendationCard.module.css";
import { dollars, rowsOf, significant } from "./rows";

type Props = { actor: ActorRecord; fit: Fit; found: Recommendation };

/** The answer: how much memory, why, what proves it, and one click that applies it. */
export function RecommendationCard({ actor, fit, found }: Props) {
  const Mark = found.isProven ? BadgeCheck : BadgeAlert;
  return (
    <section className={styles.card} data-proven={found.isProven} aria-labelledby="recommendation">
      <div className={styles.answer}>
        <Mark aria-hidden className={styles.mark} />
        <div className={styles.text}>
          <h2 id="recommendation">Use {found.memoryMbytes} MB</h2>
          <p>
            It {fit.strategy === "smallest" ? "is" : "has"} {found.reason}. {found.explanation}
          </p>
          {!found.isProven && (
            <p className={styles.warning}>
              No fresh run has proven it, so it cannot be applied. Run the fit again until it ends.
            </p>
          )}
        </div>
        <Numbers fit={fit} found={found} />
      </div>
      <div className={styles.apply}>
        {found.isProven ? (
          <Apply actor={actor} fit={fit} found={found} />
        ) : (
          <StartLink actor={actor} fit={fit} found={found} />
        )}
      </div>
    </section>
  );
}

/** The numbers of the input that needs most at the recommended size. */
function Numbers({ fit, found }: { fit: Fit; found: Recommendation }) {
  const rows = fit.inputs.flatMap((_, input) => rowsOf(fit, input).filter(({ isRecommended }) => isRecommended));
  const row = rows.sort((a, b) => (b.size?.peakBytes ?? 0) - (a.size?.peakBytes ?? 0))[0];
  const share = found.peakBytes === null ? null : found.peakBytes / (found.memoryMbytes * MEBIBYTE);
  const numbers: [string, string][] = [
    [
      "Time",
      row?.times ? `${row.size?.isTimeDisturbed ? "~" : ""}${durationInWords(row.times.median * 1000)}` : MISSING,
    ],
    ["Peak", share === null ? MISSING : `${megabytes(found.peakBytes)} MB, ${Math.round(share * 100)} %`],
    ["Compute", `${significant(row?.size?.computeUnits)} CU`],
    ["Estimated cost", dollars(row?.size?.costUsd)],
  ];
  return (
    <dl className={styles.numbers}>
      {numbers.map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
      {found.isProven && (
        <div>
          <dt>{found.proofs.length > 1 ? "Proven by fresh runs" : "Proven by a fresh run"}</dt>
          {found.proofs.map((id) => (
            <dd key={id}>
              <Proof fit={fit} runId={id} />
            </dd>
          ))}
        </div>
      )}
    </dl>
  );
}

function Proof({ fit, runId }: { fit: Fit; runId: string }) {
  const run = fit.runs.find((each) => each.runId === runId);
  const peak = run?.peakBytes == null ? "" : `, ${megabytes(run.peakBytes)} MB`;
  const text = `${runId.slice(0, 8)} succeeded${peak}`;
  if (!run?.isStored) return <span title="This run was deleted.">{text}</span>;
  return (
    <Link to="/actors/runs/$runId" params={{ runId }}>
      {text}
    </Link>
  );
}

function Apply({ actor, fit, found }: Props) {
  const preview = useQuery(fitPreviewQuery(fit.id));
  const apply = useApplyFit(fit.id, actor.id);
  if (preview.error && !preview.data) return <QueryError error={preview.error} refetch={preview.refetch} />;
  if (!preview.data) return <Skeleton lines={4} />;
  const { file } = preview.data;
  const isDone = isApplied(preview.data);
  const confirm = () =>
    apply.mutate(undefined, {
      onSuccess: () =>
        showToast({ kind: "done", text: `${found.memoryMbytes} MB is now the default memory of ${actor.name}.` }),
    });
  return (
    <>
      {file?.diff && <Diff diff={file.diff} path={file.path} />}
      {file?.problem && <p className={styles.note}>{file.problem}</p>}
      {!file?.diff && <Bounds found={found} before={preview.data.memoryBefore} />}
      <Command actor={actor} fit={fit} />
      {apply.isError && <ErrorNote title={messageOf(apply.error)} />}
      <div className={styles.buttons}>
        <Button
          variant="primary"
          needsServer
          icon={<Check aria-hidden />}
          disabled={isDone}
          isPending={apply.isPending}
          onClick={confirm}
        >
          {isDone ? "Applied to the Actor" : "Apply to the Actor"}
        </Button>
        <StartLink actor={actor} fit={fit} found={found} />
      </div>
      <Override application={preview.data} actor={actor} />
    </>
  );
}

function isApplied({ memoryMbytes, memoryBefore, file }: Application): boolean {
  return memoryMbytes === memoryBefore && !(file?.diff && !file.problem);
}

/** What is set if there is no file to change. */
function Bounds({ found, before }: { found: Recommendation; before: number }) {
  return (
    <p className={styles.note}>
      The default memory of the Actor is {before === found.memoryMbytes ? "" : `${before} MB, and becomes `}
      {found.memoryMbytes} MB. Useful bounds for callers: {found.minMemoryMbytes} to {found.maxMemoryMbytes} MB.
    </p>
  );
}

/** The default memory in actor.json of the build wins over that of the Actor. */
function Override({ application, actor }: { application: Application; actor: ActorRecord }) {
  const { overriddenBy, memoryMbytes } = application;
  if (overriddenBy === null || String(overriddenBy) === String(memoryMbytes)) return null;
  return (
    <p className={styles.note}>
      The actor.json of the current build has {overriddenBy}
      {typeof overriddenBy === "number" ? " MB" : ""}, which takes precedence. The change takes effect with the next{" "}
      <Link to="/actors/$actorId/$tab" params={{ actorId: actor.id, tab: "builds" }}>
        build
      </Link>
      .
    </p>
  );
}

/** For a local folder, the command also writes the file. */
function Command({ actor, fit }: { actor: ActorRecord; fit: Fit }) {
  const number = fit.buildNumber.split(".").slice(0, 2).join(".");
  const version = useQuery(versionQuery(actor.id, number));
  const folder = version.data?.localFolder;
  const draft = draftOfFit(fit, fit.wantedSizes);
  const command = commandOf(folder ?? actor.name, draft, null);
  return <CommandLine command={folder ? `${command} --write` : command} />;
}

/** The form, filled with the input and the memory of the run that proved the size. */
function StartLink({ actor, fit, found }: Props) {
  const proof = found.proofs.find((id) => fit.runs.some((run) => run.runId === id && run.isStored));
  if (proof === undefined) return null;
  return (
    <Link
      to="/actors/$actorId"
      params={{ actorId: actor.id }}
      search={{ run: proof }}
      className={buttonClass("secondary")}
    >
      <Play aria-hidden />
      Start with {found.memoryMbytes} MB
    </Link>
  );
}
