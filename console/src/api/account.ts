import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { body, dataOf, local, platform } from "@/api/client";
import type { components } from "@/api/platform";

export type Limits = components["schemas"]["AccountLimits"];
export type LimitChanges = components["schemas"]["UpdateLimitsRequest"];
export type Usage = components["schemas"]["MonthlyUsage"];
export type User = components["schemas"]["UserPrivateInfo"];

export const userQuery = queryOptions({
  queryKey: ["user", "me"],
  // The document describes the public fields too, which another user would get.
  queryFn: async ({ signal }) => (await dataOf(platform.GET("/v2/users/me", { signal }))) as User,
});

export const limitsQuery = queryOptions({
  queryKey: ["user", "me", "limits"],
  queryFn: ({ signal }) => dataOf(platform.GET("/v2/users/me/limits", { signal })),
});

export const usageQuery = queryOptions({
  queryKey: ["user", "me", "usage"],
  queryFn: ({ signal }) => dataOf(platform.GET("/v2/users/me/usage/monthly", { signal })),
});

export function useChangeLimits() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (changes: LimitChanges) => body(platform.PUT("/v2/users/me/limits", { body: changes })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["user"] }),
  });
}

/** What only the operator may see of the server. */
export const serverInfoQuery = queryOptions({
  queryKey: ["server", "info"],
  queryFn: ({ signal }) => body(local.GET("/greenroom/info", { signal })),
});
