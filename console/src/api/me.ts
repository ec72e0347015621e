import { queryOptions } from "@tanstack/react-query";
import { dataOf, platform } from "@/api/client";

/** The signed-in user, with the groups of the proxy. */
export const meQuery = queryOptions({
  queryKey: ["user", "me"],
  queryFn: ({ signal }) => dataOf(platform.GET("/v2/users/me", { signal })),
});

/** The price of one compute unit (one GB for one hour) in USD; null if this month has no usage that shows it. */
export const computePriceQuery = queryOptions({
  queryKey: ["user", "me", "compute-price"],
  queryFn: async ({ signal }): Promise<number | null> => {
    const { monthlyServiceUsage } = await dataOf(platform.GET("/v2/users/me/usage/monthly", { signal }));
    return monthlyServiceUsage.ACTOR_COMPUTE_UNITS?.baseUnitPriceUsd ?? null;
  },
});
