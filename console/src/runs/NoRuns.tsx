import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { actorsQuery } from "@/api/actors";
import type { RunFilter } from "@/api/runs";
import { Button } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { statusLabel } from "@/ui/StatusPill";
import { ORIGINS } from "./origins";
import { startedText } from "./StartedChip";

type Props = { filter: RunFilter; fixed: RunFilter; empty: ReactNode; onClear: () => void };

/** What a list without runs shows: how to start one, or which filter matches none. */
export function NoRuns({ filter, fixed, empty, onClear }: Props) {
  const actors = useQuery(actorsQuery).data?.items;
  const { sort: _, ...chosen } = filter;
  const isFiltered = Object.keys(chosen).some((name) => !(name in fixed));
  if (isFiltered) {
    const actor = actors?.find(({ id, name, username }) => [id, `${username}~${name}`].includes(filter.actor ?? ""));
    return (
      <Empty action={<Button onClick={onClear}>Clear filters</Button>}>{sentence(filter, fixed, actor?.name)}</Empty>
    );
  }
  return (
    empty ?? (
      <Empty command="greenroom run ./my-actor">
        No runs yet. Run a folder with an Actor, or start one from Actors.
      </Empty>
    )
  );
}

/** For example `No failed runs of crawler in the last 24 hours.` */
export function sentence(filter: RunFilter, fixed: RunFilter, actorName: string | undefined): string {
  const status = filter.status && (filter.status === "LIVE" ? "live" : statusLabel(filter.status).toLowerCase());
  const parts = [
    `No ${status ? `${status} ` : ""}runs`,
    filter.actor && fixed.actor === undefined && `of ${actorName ?? filter.actor}`,
    filter.origin && `started by ${ORIGINS[filter.origin]}`,
    startedText(filter),
    filter.q && `match “${filter.q}”`,
  ];
  return `${parts.filter(Boolean).join(" ")}.`;
}
