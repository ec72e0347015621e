import { useQuery } from "@tanstack/react-query";
import { RefreshCw, Stethoscope } from "lucide-react";
import { type Check, doctorQuery, type Report, useDoctorEvents, useStartDoctor } from "@/api/doctor";
import { messageOf } from "@/api/errors";
import { shortTime } from "@/format/times";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { Empty } from "@/ui/Empty";
import { ErrorNote, QueryError } from "@/ui/ErrorNote";
import { Page, Section } from "@/ui/Page";
import { Skeleton } from "@/ui/Skeleton";
import { CheckRow } from "./doctor/CheckRow";
import styles from "./doctor/Doctor.module.css";
import { AREAS, reportOf, summaryOf } from "./doctor/report";

/** Whether this machine can run Actors under the platform's limits. Each problem has a fix. */
export function DoctorPage() {
  const { data: report, error, refetch } = useQuery(doctorQuery);
  useDoctorEvents();
  const start = useStartDoctor();
  const isRunning = report?.state === "RUNNING";
  const run = () => start.mutate();
  return (
    <Page
      title="Doctor"
      note={report && noteOf(report)}
      actions={
        report &&
        report.state !== "NONE" && (
          <>
            {!isRunning && <CopyButton text={() => reportOf(report)} label="Copy report" withLabel />}
            <Button needsServer icon={<RefreshCw aria-hidden />} isPending={isRunning || start.isPending} onClick={run}>
              {isRunning ? "Checking" : "Run again"}
            </Button>
          </>
        )
      }
    >
      {error && <QueryError error={error} refetch={refetch} />}
      {start.error && <ErrorNote title={messageOf(start.error)} />}
      {!report && !error && <Skeleton lines={6} height={28} />}
      {report?.state === "NONE" && <NotChecked isPending={start.isPending} onRun={run} />}
      {report && report.state !== "NONE" && <Results report={report} />}
    </Page>
  );
}

function noteOf({ state, finishedAt, checks }: Report): string {
  if (state === "RUNNING") return checks.length === 0 ? "Starting the checks" : summaryOf(checks);
  if (finishedAt === null) return "";
  return `${summaryOf(checks)} · checked ${shortTime(finishedAt)}`;
}

function NotChecked({ isPending, onRun }: { isPending: boolean; onRun: () => void }) {
  const action = (
    <Button variant="primary" needsServer icon={<Stethoscope aria-hidden />} isPending={isPending} onClick={onRun}>
      Check this machine
    </Button>
  );
  return (
    <Empty command="greenroom doctor" action={action}>
      The doctor checks whether this machine and Docker can run Actors under the platform’s limits. It tries the limits
      out with small programs in containers, and removes these afterwards.
    </Empty>
  );
}

function Results({ report }: { report: Report }) {
  const isRunning = report.state === "RUNNING";
  return (
    <div className={styles.results} aria-live="polite" aria-busy={isRunning}>
      {report.state === "FAILED" && (
        <ErrorNote title="The checks could not be completed. The log of the server has the reason." />
      )}
      {AREAS.map(([area, title]) => {
        const checks = report.checks.filter((check: Check) => check.area === area);
        if (checks.length === 0) return null;
        return (
          <Section key={area} title={title}>
            <ul className={styles.checks}>
              {checks.map((check) => (
                <CheckRow key={check.name} check={check} />
              ))}
            </ul>
          </Section>
        );
      })}
      {isRunning && (
        <div className={styles.running}>
          <Skeleton lines={2} height={24} />
        </div>
      )}
    </div>
  );
}
