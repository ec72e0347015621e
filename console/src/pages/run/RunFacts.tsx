import { useQuery } from "@tanstack/react-query";
import { type Report, type Run, reportQuery } from "@/api/run";
import { storageQuery } from "@/api/storageRecords";
import { QueryError } from "@/ui/ErrorNote";
import { Facts } from "@/ui/Facts";
import { Bar } from "@/ui/MemoryBar";
import { Skeleton } from "@/ui/Skeleton";
import { factsOf, memoryShare, type RunFact } from "./facts";
import styles from "./RunFacts.module.css";

/** The numbers of a run that answer most questions. */
export function RunFacts({ run }: { run: Run }) {
  const { data: report, error, refetch } = useQuery(reportQuery(run.id));
  const { data: queue } = useQuery(storageQuery("request-queue", run.defaultRequestQueueId));
  if (!report) return error ? <QueryError error={error} refetch={refetch} /> : <Skeleton lines={2} height={18} />;
  const facts = factsOf(report, queue).map((fact) => ({
    label: fact.label,
    value: fact.value,
    note: fact.id === "memory" ? <MemoryNote fact={fact} report={report} /> : fact.note,
    isBad: fact.isBad ?? false,
  }));
  return (
    <div className={styles.facts}>
      <Facts facts={facts} />
    </div>
  );
}

function MemoryNote({ fact, report }: { fact: RunFact; report: Report }) {
  return (
    <>
      <span className={styles.bar}>
        <Bar share={memoryShare(report)} isAtLimit={fact.isBad ?? false} />
      </span>
      <span className={styles.share}>{fact.note}</span>
    </>
  );
}
