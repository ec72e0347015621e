import { useMemo } from "react";
import type { ActorRecord } from "@/api/actors";
import { useRunColumns } from "@/runs/ColumnPicker";
import { RunList } from "@/runs/RunList";
import { Empty } from "@/ui/Empty";
import { TabList } from "./TabList";

/** The runs of an Actor: the list of all runs, of this Actor only. */
export default function ActorRunsTab({ actor }: { actor: ActorRecord }) {
  const fixed = useMemo(() => ({ actor: actor.id }), [actor.id]);
  const empty = <Empty command={`greenroom call ${actor.name}`}>{actor.name} has no runs yet. Start one.</Empty>;
  return (
    <TabList>
      <RunList columns={useRunColumns()} fixed={fixed} empty={empty} />
    </TabList>
  );
}
