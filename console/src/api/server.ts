import { queryOptions } from "@tanstack/react-query";
import { body, local } from "@/api/client";

/** The server and the signed-in user. */
export const serverQuery = queryOptions({
  queryKey: ["server"],
  queryFn: ({ signal }) => body(local.GET("/greenroom/console", { signal })),
});
