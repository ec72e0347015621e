import { type UseQueryResult, useQuery, useQueryClient } from "@tanstack/react-query";
import { type Metrics, metricsQuery, type Run } from "@/api/run";
import { useTopic } from "@/live/topics";
import { isLive } from "@/ui/StatusPill";
import { appendSample, type Sample } from "./samples";

/** The curves of a run. Samples of a live run arrive as events and are added to them. */
export function useLiveMetrics(run: Run): UseQueryResult<Metrics> {
  const queries = useQueryClient();
  useTopic(isLive(run.status) ? `run:${run.id}` : null, (events) => {
    const samples = events.flatMap((event) => (event.name === "sample" ? [event.data as unknown as Sample] : []));
    if (samples.length > 0) {
      const { queryKey } = metricsQuery(run.id);
      const shown = queries.getQueryData<Metrics>(queryKey);
      // The first sample of a run, or of its next container, brings a marker with it.
      if (!shown?.curves || events.some((event) => event.name === "timeline"))
        void queries.invalidateQueries({ queryKey });
      else queries.setQueryData<Metrics>(queryKey, samples.reduce(appendSample, shown));
    }
  });
  return useQuery(metricsQuery(run.id));
}
