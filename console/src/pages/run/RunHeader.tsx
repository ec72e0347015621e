import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { type Run, reportQuery } from "@/api/run";
import { clockTime, durationInWords, fullTime, shortTime } from "@/format/times";
import { IconButton } from "@/ui/Button";
import { ErrorNote } from "@/ui/ErrorNote";
import { useNow } from "@/ui/now";
import { Page } from "@/ui/Page";
import { isLive, StatusPill } from "@/ui/StatusPill";
import { NARROW, useMediaQuery } from "@/ui/useMediaQuery";
import { ExplanationCard } from "./ExplanationCard";
import { originText } from "./origin";
import { RunActions } from "./RunActions";
import { RunFacts } from "./RunFacts";
import styles from "./RunHeader.module.css";
import { clearRejection, useRejection } from "./useRunActions";
import { useRefetchOnEvents } from "./useRunEvents";

/** The answer about a run: its status, why it ended, and its numbers. `children` are its tabs. */
export function RunHeader({ run, children }: { run: Run; children: ReactNode }) {
  const { data: report } = useQuery(reportQuery(run.id));
  useRefetchOnEvents(run, ["sample"], reportQuery(run.id).queryKey);
  const rejection = useRejection(run);
  const isNarrow = useMediaQuery(NARROW);
  const name = report?.actorName ?? "Run";
  return (
    <Page
      title={name}
      id={run.id}
      crumbs={[
        { label: "Actors", href: "/actors" },
        { label: name, href: `/actors/${run.actId}` },
        { label: "Runs", href: `/actors/${run.actId}/runs` },
      ]}
      lead={<StatusPill status={run.status} />}
      note={<Note run={run} />}
      {...(isNarrow ? {} : { actions: <RunActions run={run} /> })}
    >
      {rejection !== null && <Rejection text={rejection} />}
      <ExplanationCard run={run} />
      {isNarrow && (
        <div className={styles.actions}>
          <RunActions run={run} />
        </div>
      )}
      <RunFacts run={run} />
      {children}
    </Page>
  );
}

function Note({ run }: { run: Run }) {
  return (
    <>
      <Link
        to="/actors/$actorId/$tab/$item"
        params={{ actorId: run.actId, tab: "builds", item: run.buildNumber ?? run.buildId }}
        className={styles.build}
        title="Open the build"
      >
        {run.buildNumber ?? run.buildId}
      </Link>
      <span className={styles.times}>
        <Times run={run} /> <span className={styles.origin}>· {originText(run)}</span>
      </span>
    </>
  );
}

function Times({ run }: { run: Run }) {
  const live = isLive(run.status);
  const now = useNow(live);
  const start = Date.parse(String(run.startedAt));
  const finished = run.finishedAt ? Date.parse(String(run.finishedAt)) : null;
  const isSameDay = finished !== null && shortTime(start, finished) === clockTime(start);
  const end = finished === null ? "" : ` to ${isSameDay ? clockTime(finished) : shortTime(finished)}`;
  // The statistics count only the time in which the run was live, which differs after a resurrection.
  const millis = live ? Math.max(0, now - start) : (run.stats.durationMillis ?? null);
  return (
    <span title={`Started ${fullTime(start)}${finished === null ? "" : `, ended ${fullTime(finished)}`}`}>
      {isSameDay ? clockTime(start) : shortTime(start)}
      <span className={styles.end}>{end}</span> · {durationInWords(millis)}
    </span>
  );
}

function Rejection({ text }: { text: string }) {
  return (
    <div className={styles.rejection}>
      <ErrorNote title={text} />
      <IconButton variant="quiet" small label="Close" icon={<X aria-hidden />} onClick={clearRejection} />
    </div>
  );
}
