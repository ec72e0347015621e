import { useState } from "react";
import type { TaskRecord } from "@/api/tasks";
import { useRunColumns } from "@/runs/ColumnPicker";
import { RunList } from "@/runs/RunList";
import { Empty } from "@/ui/Empty";
import styles from "./Tasks.module.css";

/** The runs of a task: the list of all runs, of this task only. */
export function TaskRunsTab({ task }: { task: TaskRecord }) {
  const columns = useRunColumns();
  const [fixed] = useState({ task: task.id });
  const command = `apify task run ${task.username}/${task.name}`;
  return (
    <div className={styles.runs}>
      <RunList
        columns={columns}
        fixed={fixed}
        empty={<Empty command={command}>{task.name} has no runs yet. Start one.</Empty>}
      />
    </div>
  );
}
