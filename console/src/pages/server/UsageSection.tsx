import { useQuery } from "@tanstack/react-query";
import { type Usage, usageQuery } from "@/api/account";
import { usd } from "@/format/numbers";
import { fullDate } from "@/format/times";
import { QueryError } from "@/ui/ErrorNote";
import { Section } from "@/ui/Page";
import { Skeleton } from "@/ui/Skeleton";
import { type Column, Table } from "@/ui/Table";
import styles from "./Server.module.css";

type Day = Usage["dailyServiceUsages"][number];
type Service = { name: string; quantity: number; amount: number };

/** What the runs of this month used: a bar for each day, and a row for each service. */
export function UsageSection() {
  const { data, error, refetch } = useQuery(usageQuery);
  return (
    <Section title="Usage of this month" note="at list prices, estimated">
      {error && <QueryError error={error} refetch={refetch} />}
      {data ? <UsageDetails usage={data} /> : !error && <Skeleton />}
    </Section>
  );
}

function UsageDetails({ usage }: { usage: Usage }) {
  const services = Object.entries(usage.monthlyServiceUsage).map(([name, item]) => ({
    name,
    quantity: item.quantity,
    amount: item.baseAmountUsd,
  }));
  if (services.length === 0) return <p>No run has used anything this month.</p>;
  return (
    <>
      <Days days={usage.dailyServiceUsages} />
      <Table label="Usage by service" columns={COLUMNS} rows={services} rowId={(service) => service.name} />
    </>
  );
}

const COLUMNS: Column<Service>[] = [
  { id: "name", header: "Service", grows: true, cell: (service) => label(service.name) },
  { id: "quantity", header: "Quantity", isNumber: true, cell: (service) => service.quantity.toFixed(6) },
  { id: "amount", header: "Est. cost", isNumber: true, cell: (service) => usd(service.amount) },
];

/** `ACTOR_COMPUTE_UNITS` as `Actor compute units`. */
function label(name: string): string {
  const words = name.toLowerCase().replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function Days({ days }: { days: Day[] }) {
  const most = Math.max(...days.map((day) => day.totalUsageCreditsUsd), Number.MIN_VALUE);
  return (
    <ol className={styles.days} aria-label="Cost by day">
      {days.map((day) => (
        <li key={day.date} title={`${fullDate(day.date)}: ${usd(day.totalUsageCreditsUsd)}`}>
          <span className="visually-hidden">
            {fullDate(day.date)}: {usd(day.totalUsageCreditsUsd)}
          </span>
          <span className={styles.day} style={{ height: `${(day.totalUsageCreditsUsd / most) * 100}%` }} />
        </li>
      ))}
    </ol>
  );
}
