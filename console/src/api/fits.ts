/** Fits: how much memory an Actor needs, found out by running it at several sizes. */
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { body, local, readExactly } from "@/api/client";
import type { components, paths } from "@/api/local";

type Schemas = components["schemas"];

export type Fit = Schemas["FitDetails"];
export type FitSize = Schemas["FitSize"];
export type FitRun = Schemas["FitRun"];
export type FitLiveRun = Schemas["FitLiveRun"];
export type FitSummary = Schemas["FitSummary"];
export type FitOrder = paths["/greenroom/fits"]["post"]["requestBody"]["content"]["application/json"];
export type FitInput = Schemas["FitInput"];
export type Recommendation = Schemas["FitRecommendation"];
export type Application = Schemas["FitApplication"];
export type Strategy = Schemas["Strategy"];

export const fitsQuery = (actorId: string) =>
  queryOptions({
    queryKey: ["fit", "list", actorId],
    queryFn: ({ signal }) => body(local.GET("/greenroom/fits", { params: { query: { actor: actorId } }, signal })),
  });

/** A fit, which its events replace while it is live. */
export const fitQuery = (id: string) =>
  queryOptions({
    queryKey: ["fit", id],
    queryFn: ({ signal }): Promise<Fit> =>
      body(local.GET("/greenroom/fits/{fit}", { params: { path: { fit: id } }, signal })),
  });

export const fitInputsQuery = (id: string) =>
  queryOptions({
    queryKey: ["fit-inputs", id],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async ({ signal }): Promise<FitInput[]> =>
      ((await readExactly(`/greenroom/fits/${encodeURIComponent(id)}/inputs`, signal)) as Schemas["FitInputs"]).items,
  });

/** What applying the recommendation of a fit would change. */
export const fitPreviewQuery = (id: string) =>
  queryOptions({
    queryKey: ["fit-preview", id],
    staleTime: 0,
    queryFn: ({ signal }): Promise<Application> => applyFit(id, true, signal),
  });

/** The result as one web page. */
export function readFitPage(id: string): Promise<string> {
  return body(local.GET("/greenroom/fits/{fit}/report", { params: { path: { fit: id } }, parseAs: "text" }));
}

function applyFit(id: string, onlyPreview: boolean, signal?: AbortSignal): Promise<Application> {
  const path = { params: { path: { fit: id } } };
  return body(
    local.POST("/greenroom/fits/{fit}/apply", { ...path, body: { onlyPreview }, ...(signal ? { signal } : {}) }),
  );
}

export function useStartFit() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (order: FitOrder): Promise<Fit> => body(local.POST("/greenroom/fits", { body: order })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["fit", "list"] }),
  });
}

export function useStopFit(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => body(local.POST("/greenroom/fits/{fit}/stop", { params: { path: { fit: id } } })),
    onSuccess: (fit) => queries.setQueryData(fitQuery(id).queryKey, fit),
  });
}

export function useDeleteFit(id: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => body(local.DELETE("/greenroom/fits/{fit}", { params: { path: { fit: id } } })),
    onSuccess: () => {
      queries.removeQueries({ queryKey: ["fit", id] });
      return queries.invalidateQueries({ queryKey: ["fit", "list"] });
    },
  });
}

export function useApplyFit(id: string, actorId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => applyFit(id, false),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["fit-preview", id] });
      await queries.invalidateQueries({ queryKey: ["actor", actorId] });
    },
  });
}

export function isLiveFit({ status }: { status: Fit["status"] }): boolean {
  return status === "RUNNING" || status === "STOPPING";
}
