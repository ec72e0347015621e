/** The checks of this machine and its engine. */
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { body, local } from "@/api/client";
import type { components } from "@/api/local";

export type Report = components["schemas"]["DoctorReport"];
export type Check = components["schemas"]["DoctorCheck"];

const PAUSE_MILLIS = 500;

/** No event reports the checks, so they are fetched again while they are being made, and only then. */
export const doctorQuery = queryOptions({
  queryKey: ["doctor"],
  queryFn: ({ signal }): Promise<Report> => body(local.GET("/greenroom/doctor", { signal })),
  refetchInterval: ({ state }) => (state.data?.state === "RUNNING" ? PAUSE_MILLIS : false),
});

export function useStartDoctor() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (): Promise<Report> => body(local.POST("/greenroom/doctor")),
    onSuccess: (report) => queries.setQueryData(doctorQuery.queryKey, report),
  });
}
