// @vitest-environment jsdom
import { act, renderHook } from "@testing-library/react";
import { expect, it } from "vitest";
import { connection, useOfflineReason } from "@/live/connection";

it("a button is drawn again when the server is gone, not each second that it is", () => {
  let renders = 0;
  const { result } = renderHook(() => {
    renders += 1;
    return useOfflineReason();
  });
  for (const retryInSecs of [3, 2, 1]) act(() => connection.set({ state: "offline", retryInSecs }));
  expect([renders, result.current?.includes("greenroom up")]).toEqual([2, true]);
});
