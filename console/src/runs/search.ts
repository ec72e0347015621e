/** The filters of a list of runs in the address of its page. Values that mean nothing are left out. */
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";
import type { RunFilter, RunOrigin, RunSort } from "@/api/runs";
import { STATUS_NAMES } from "@/ui/StatusPill";
import { ORIGINS } from "./origins";

const STATUSES: readonly string[] = ["LIVE", ...STATUS_NAMES];
const SORTS: readonly string[] = [
  "startedAt",
  "finishedAt",
  "durationMillis",
  "memMaxBytes",
  "memoryMbytes",
  "items",
  "actorName",
  "status",
  "origin",
];
const RELATIVE = /^\d{1,4}[mhd]$/;

/** The filter of the address, and a function that changes it. `fixed` is the part that the page decides. */
export function useRunFilter(fixed: RunFilter): [RunFilter, (changes: Changes) => void] {
  const search: Record<string, unknown> = useSearch({ strict: false });
  const navigate = useNavigate();
  const filter = useMemo(() => ({ ...parseFilter(search), ...fixed }), [search, fixed]);
  const change = useCallback(
    (changes: Changes) => {
      const next = (old: Record<string, unknown>) => withoutEmpty({ ...old, ...changes });
      void navigate({ to: ".", search: next as never, hash: true, replace: true, resetScroll: false });
    },
    [navigate],
  );
  return [filter, change];
}

export type Changes = { [Name in keyof RunFilter | "columns"]?: string | undefined };

function withoutEmpty(search: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined && value !== ""));
}

export function parseFilter(search: Record<string, unknown>): RunFilter {
  const text = (name: string) => (search[name] === undefined ? "" : String(search[name]));
  const sort = text("sort");
  const status = text("status").toUpperCase();
  return withoutEmpty({
    status: STATUSES.includes(status) ? status : undefined,
    actor: text("actor"),
    origin: text("origin") in ORIGINS ? (text("origin") as RunOrigin) : undefined,
    from: time(text("from")),
    to: time(text("to")),
    q: text("q").trim(),
    sort: SORTS.includes(sort.replace(/^-/, "")) ? (sort as RunSort) : undefined,
  });
}

function time(text: string): string | undefined {
  return RELATIVE.test(text) || !Number.isNaN(Date.parse(text)) ? text : undefined;
}
