import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ActorRecord, lastRunsQuery } from "@/api/actors";
import { messageOf } from "@/api/errors";
import { MISSING } from "@/format/numbers";
import { duration, shortTime } from "@/format/times";
import type { JsonObject } from "@/json/exact";
import { Dialog } from "@/ui/Dialog";
import { Empty } from "@/ui/Empty";
import { ErrorNote, QueryError } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { StatusPill } from "@/ui/StatusPill";
import type { RunOptions } from "./options";
import { runInputQuery } from "./runInput";
import styles from "./UseInputDialog.module.css";

const SHOWN_RUNS = 20;

type Props = {
  actor: ActorRecord;
  onInput: (input: JsonObject, options: Partial<RunOptions>, source: string) => void;
  onClose: () => void;
};

/** Fills the form with the input and the options of an earlier run. */
export function UseInputDialog({ actor, onInput, onClose }: Props) {
  const queries = useQueryClient();
  const runs = useQuery(lastRunsQuery(actor.id, SHOWN_RUNS));
  const reading = useMutation({
    mutationFn: (runId: string) => queries.fetchQuery(runInputQuery(runId)),
    onSuccess: ({ input, options, source }) => {
      onInput(input, options, source);
      onClose();
    },
  });
  return (
    <Dialog
      title="Use the input of a run"
      description="The form gets the input and the options of the run."
      onClose={onClose}
    >
      {reading.isError && <ErrorNote title={messageOf(reading.error)} />}
      {runs.isError && <QueryError error={runs.error} refetch={runs.refetch} />}
      {runs.isPending && <Skeleton lines={4} />}
      {runs.data?.items.length === 0 && <Empty>{actor.name} has no runs yet.</Empty>}
      <ul className={styles.runs}>
        {(runs.data?.items ?? []).map((run) => (
          <li key={run.id}>
            <button
              type="button"
              className={styles.run}
              disabled={reading.isPending}
              onClick={() => reading.mutate(run.id)}
            >
              <StatusPill status={run.status} small />
              <span className={styles.message}>{run.statusMessage ?? MISSING}</span>
              <span>{shortTime(run.startedAt)}</span>
              <span className={styles.number}>{duration(run.durationMillis)}</span>
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
