import { useQueries, useQuery } from "@tanstack/react-query";
import { useLocation, useNavigate, useParams } from "@tanstack/react-router";
import { Suspense } from "react";
import { isNotFound, messageOf } from "@/api/errors";
import { type Run, runQuery } from "@/api/run";
import { NotFoundPage } from "@/pages/NotFoundPage";
import { QueryError } from "@/ui/ErrorNote";
import { useKeys } from "@/ui/keys";
import { Page } from "@/ui/Page";
import { Skeleton } from "@/ui/Skeleton";
import { TabBar, tabId } from "@/ui/TabBar";
import { RunHeader } from "./RunHeader";
import styles from "./RunPage.module.css";
import { defaultTab, TABS, tabOf } from "./tabs";

/** A run: its answer first, then its numbers, then the tabs with everything that is stored about it. */
export function RunPage() {
  const { runId } = useParams({ strict: false });
  const { data: run, error, refetch } = useQuery(runQuery(runId ?? ""));
  if (run) return <LoadedRun key={run.id} run={run} />;
  if (isNotFound(error)) return <NotFoundPage message={messageOf(error)} command="greenroom ps -a" />;
  return (
    <Page title="Run" crumbs={[{ label: "Runs", href: "/actors/runs" }]} {...(runId ? { id: runId } : {})}>
      {error ? <QueryError error={error} refetch={refetch} /> : <Skeleton lines={8} />}
    </Page>
  );
}

function LoadedRun({ run }: { run: Run }) {
  return (
    <RunHeader run={run}>
      <RunTabs run={run} />
    </RunHeader>
  );
}

function RunTabs({ run }: { run: Run }) {
  const navigate = useNavigate();
  const { hash, pathname } = useLocation();
  const current = tabOf(hash)?.id ?? (hash ? TABS[0]?.id : undefined) ?? defaultTab(run);
  const counts = useQueries({ queries: TABS.flatMap((each) => each.count?.(run) ?? []) });
  const counted = TABS.filter((each) => each.count);
  const bar = TABS.map((each) => ({
    id: each.id,
    label: each.label,
    count: counts[counted.indexOf(each)]?.data,
    href: `${pathname}#${each.id}`,
  }));
  // What one tab has found or selected means nothing on another.
  const open = (id: string) => void navigate({ to: ".", search: {}, hash: id, replace: true });
  useKeys(Object.fromEntries(TABS.slice(0, 9).map((each, index) => [String(index + 1), () => open(each.id)])));
  const Content = TABS.find((each) => each.id === current)?.component;
  return (
    <>
      <div className={styles.tabs}>
        <TabBar label="Parts of the run" tabs={bar} current={current} onSelect={(tab) => open(tab.id)} />
      </div>
      <div role="tabpanel" aria-labelledby={tabId(current)} className={styles.panel}>
        <Suspense fallback={<Skeleton lines={8} />}>{Content && <Content run={run} />}</Suspense>
      </div>
    </>
  );
}
