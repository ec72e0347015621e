import { useMemo } from "react";
import type { TaskRecord } from "@/api/tasks";
import { useRunColumns } from "@/runs/ColumnPicker";
import { RunList } from "@/runs/RunList";
import { Empty } from "@/ui/Empty";

export function TaskRunsTab({ task }: { task: TaskRecord }) {
  const fixed = useMemo(() => ({ task: task.id }), [task.id]);
  const empty = (
    <Empty command={`apify task run ${task.username}/${task.name}`}>{task.name} has no runs yet. Start one.</Empty>
  );
  return <RunList columns={useRunColumns()} fixed={fixed} empty={empty} />;
}
