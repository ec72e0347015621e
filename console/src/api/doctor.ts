/** The checks of this machine and its engine. */
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { body, local } from "@/api/client";
import type { components } from "@/api/local";
import { useTopic } from "@/live/topics";

export type Report = components["schemas"]["DoctorReport"];
export type Check = components["schemas"]["DoctorCheck"];

/** Events replace it while the checks are being made. */
export const doctorQuery = queryOptions({
  queryKey: ["doctor"],
  queryFn: ({ signal }): Promise<Report> => body(local.GET("/greenroom/doctor", { signal })),
});

/** Shows each check as soon as it is made. */
export function useDoctorEvents(): void {
  const queries = useQueryClient();
  useTopic("doctor", (events) => {
    const report = events.findLast((event) => event.name === "doctor");
    if (report) queries.setQueryData(doctorQuery.queryKey, report.data);
  });
}

export function useStartDoctor() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (): Promise<Report> => body(local.POST("/greenroom/doctor")),
    onSuccess: (report) => queries.setQueryData(doctorQuery.queryKey, report),
  });
}
