import { useQuery } from "@tanstack/react-query";
import { type Limits, limitsQuery, type User, userQuery } from "@/api/account";
import { count, MISSING, usd } from "@/format/numbers";
import { QueryError } from "@/ui/ErrorNote";
import { Facts } from "@/ui/Facts";
import { Bar } from "@/ui/MemoryBar";
import { Page, Section } from "@/ui/Page";
import { Skeleton } from "@/ui/Skeleton";
import { type Column, Table } from "@/ui/Table";
import { LimitsForm } from "./LimitsForm";
import { TwoLines } from "./TwoLines";
import { UsageSection } from "./UsageSection";

export function UsersPage() {
  const user = useQuery(userQuery);
  const limits = useQuery(limitsQuery);
  const error = user.error ?? limits.error;
  const refetch = () => {
    void user.refetch();
    void limits.refetch();
  };
  return (
    <Page title="Users and limits" note={user.data?.username}>
      {error && <QueryError error={error} refetch={refetch} />}
      {user.data && limits.data ? <Account user={user.data} limits={limits.data} /> : !error && <Skeleton />}
    </Page>
  );
}

function Account({ user, limits }: { user: User; limits: Limits }) {
  const { current, limits: most } = limits;
  return (
    <>
      <Facts
        facts={[
          { label: "Plan", value: user.plan.id, note: user.plan.description },
          {
            label: "Memory granted",
            value: `${gigabytes(current.actorMemoryGbytes)} of ${gigabytes(most.maxActorMemoryGbytes)} GB`,
            note: <Bar share={share(current.actorMemoryGbytes, most.maxActorMemoryGbytes)} />,
          },
          {
            label: "Live runs and builds",
            value: `${count(current.activeActorJobCount)} of ${count(most.maxConcurrentActorJobs)}`,
          },
          { label: "Usage this month, estimated", value: usd(current.monthlyUsageUsd) },
        ]}
      />
      <Section title="Limits" note="in force for every start and every new record">
        <Table
          label="Limits"
          columns={LIMIT_COLUMNS}
          rows={limitRows(limits)}
          rowId={(row) => row.name}
          compact={(row) => (
            <TwoLines first={row.name} last={<Bar share={share(row.used, row.most)} />}>
              {amount(row.used, row.digits)} of {amount(row.most, 0)}
            </TwoLines>
          )}
        />
      </Section>
      <Section title="Change limits">
        <LimitsForm limits={limits} />
      </Section>
      <UsageSection />
    </>
  );
}

type LimitRow = { name: string; used: number | null; most: number | null; digits: number };

function limitRows({ current, limits }: Limits): LimitRow[] {
  const row = (name: string, used: number | null | undefined, most: number | null | undefined, digits = 0) => ({
    name,
    used: used ?? null,
    most: most ?? null,
    digits,
  });
  return [
    row("Actors", current.actorCount, limits.maxActorCount),
    row("Tasks", current.actorTaskCount, limits.maxActorTaskCount),
    row("Live runs and builds", current.activeActorJobCount, limits.maxConcurrentActorJobs),
    row("Memory of live runs, GB", current.actorMemoryGbytes, limits.maxActorMemoryGbytes, 2),
    row("Compute units this month", current.monthlyActorComputeUnits, limits.maxMonthlyActorComputeUnits, 4),
    row(
      "Data transfer this month, GB",
      current.monthlyExternalDataTransferGbytes,
      limits.maxMonthlyExternalDataTransferGbytes,
      3,
    ),
    row(
      "Residential proxy this month, GB",
      current.monthlyResidentialProxyGbytes,
      limits.maxMonthlyResidentialProxyGbytes,
      3,
    ),
    row("Pages of search results this month", current.monthlyProxySerps, limits.maxMonthlyProxySerps),
    row("Usage this month, USD", current.monthlyUsageUsd, limits.maxMonthlyUsageUsd, 4),
  ];
}

const LIMIT_COLUMNS: Column<LimitRow>[] = [
  { id: "name", header: "Limit", grows: true, cell: (row) => row.name },
  { id: "used", header: "Used", isNumber: true, cell: (row) => amount(row.used, row.digits) },
  { id: "most", header: "At most", isNumber: true, cell: (row) => amount(row.most, 0) },
  { id: "share", header: "Share", cell: (row) => <Bar share={share(row.used, row.most)} /> },
];

function amount(value: number | null, digits: number): string {
  return value === null ? MISSING : digits === 0 ? count(value) : value.toFixed(digits);
}

function share(used: number | null, most: number | null): number | null {
  return used === null || most === null || most === 0 ? null : used / most;
}

function gigabytes(value: number): string {
  return String(Number(value.toFixed(2)));
}
