import { useMemo } from "react";
import type { TaskRecord } from "@/api/tasks";
import { useRunColumns } from "@/runs/ColumnPicker";
import { RunList } from "@/runs/RunList";
import { Empty } from "@/ui/Empty";
import styles from "./Tasks.module.css";

/** The runs of a task: the list of all runs, of this task only. */
export function TaskRunsTab({ task }: { task: TaskRecord }) {
  const fixed = useMemo(() => ({ task: task.id }), [task.id]);
  const command = `apify task run ${task.username}/${task.name}`;
  const empty = <Empty command={command}>{task.name} has no runs yet. Start one.</Empty>;
  return (
    <div className={styles.runs}>
      <RunList columns={useRunColumns()} fixed={fixed} empty={empty} />
    </div>
  );
}
