// @vitest-environment jsdom
import { act, cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { setTimeZone } from "@/format/times";
import { ListFooter } from "@/runs/ListFooter";
import { createStore } from "@/ui/store";

afterEach(() => {
  cleanup();
  setTimeZone(null);
  vi.useRealTimers();
});

it("the zone of the browser is named after the list is drawn, and a chosen one immediately", () => {
  vi.useFakeTimers({ now: new Date("2026-11-25T12:00:00Z") });
  const footer = <ListFooter range={createStore<[number, number]>([0, 9])} total={20} />;
  const { unmount } = render(footer);
  expect(screen.getByText(/Today/).textContent).toBe("Today 25 November 2026");
  act(() => void vi.runOnlyPendingTimers());
  expect(screen.getByText(/Today/).textContent).toMatch(/^Today 25 November 2026, times in \S+$/);
  unmount();
  setTimeZone("Europe/Prague");
  render(footer);
  expect(screen.getByText(/Today/).textContent).toBe("Today 25 November 2026, times in Europe/Prague");
});
