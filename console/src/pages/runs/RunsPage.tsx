import { type QueryClient, useQuery } from "@tanstack/react-query";
import { Play } from "lucide-react";
import { actorsQuery } from "@/api/actors";
import { type RunFilter, runCountsQuery, runsQuery } from "@/api/runs";
import { openPalette } from "@/app/paletteState";
import { count, plural } from "@/format/numbers";
import { ColumnPicker, useRunColumns } from "@/runs/ColumnPicker";
import { ExportMenu } from "@/runs/ExportMenu";
import { RunList } from "@/runs/RunList";
import { PERIODS } from "@/runs/StartedChip";
import { parseFilter, useRunFilter } from "@/runs/search";
import { Button } from "@/ui/Button";
import { Page } from "@/ui/Page";

const NOTHING_FIXED: RunFilter = {};

/** Fetch what the page shows, so that it need not wait until it is drawn. */
export async function fetchRunsPage(queries: QueryClient, search: Record<string, unknown>): Promise<void> {
  const filter = parseFilter(search);
  await Promise.all([
    queries.prefetchInfiniteQuery(runsQuery(filter)),
    queries.prefetchQuery(runCountsQuery(filter)),
    queries.prefetchQuery(actorsQuery),
  ]);
}

/** All runs of the user. */
export function RunsPage() {
  const [filter] = useRunFilter(NOTHING_FIXED);
  const columns = useRunColumns();
  const { data: counts } = useQuery(runCountsQuery(filter));
  const period = filter.from !== undefined && filter.to === undefined ? PERIODS[filter.from] : undefined;
  const note = counts && (period ? `${count(counts.ALL)} in ${period}` : plural(counts.ALL ?? 0, "run"));
  const actions = (
    <>
      <ColumnPicker />
      <ExportMenu filter={filter} />
      <Button variant="primary" icon={<Play aria-hidden />} onClick={() => openPalette("start")}>
        Start a run
      </Button>
    </>
  );
  return (
    <Page title="Runs" note={note} actions={actions}>
      <RunList columns={columns} fixed={NOTHING_FIXED} />
    </Page>
  );
}
