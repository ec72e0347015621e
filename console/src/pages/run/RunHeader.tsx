import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { type Run, reportQuery } from "@/api/run";
import { Page } from "@/ui/Page";
import { StatusPill } from "@/ui/StatusPill";

export function RunHeader({ run, children }: { run: Run; children: ReactNode }) {
  const { data: report } = useQuery(reportQuery(run.id));
  const name = report?.actorName ?? "Run";
  return (
    <Page
      title={name}
      id={run.id}
      crumbs={[
        { label: "Actors", href: "/actors" },
        { label: name, href: `/actors/${run.actId}` },
        { label: "Runs", href: `/actors/${run.actId}/runs` },
      ]}
      lead={<StatusPill status={run.status} />}
    >
      {children}
    </Page>
  );
}
