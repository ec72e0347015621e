import { useQuery } from "@tanstack/react-query";
import { type Usage, usageQuery } from "@/api/account";
import { count, usd } from "@/format/numbers";
import { fullDate } from "@/format/times";
import { QueryError } from "@/ui/ErrorNote";
import { Section } from "@/ui/Page";
import { Skeleton } from "@/ui/Skeleton";
import { type Column, Table } from "@/ui/Table";
import styles from "./Server.module.css";
import { TwoLines } from "./TwoLines";

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
      <Table
        label="Usage by service"
        columns={COLUMNS}
        rows={services}
        rowId={(service) => service.name}
        compact={(service) => (
          <TwoLines first={label(service.name)} last={usd(service.amount)}>
            {quantity(service.quantity)}
          </TwoLines>
        )}
      />
    </>
  );
}

const COLUMNS: Column<Service>[] = [
  { id: "name", header: "Service", grows: true, cell: (service) => label(service.name) },
  { id: "quantity", header: "Quantity", isNumber: true, cell: (service) => quantity(service.quantity) },
  { id: "amount", header: "Est. cost", isNumber: true, cell: (service) => usd(service.amount) },
];

/** Whole numbers as counts, others with six decimals. */
function quantity(value: number): string {
  return Number.isInteger(value) ? count(value) : value.toFixed(6);
}

/** `ACTOR_COMPUTE_UNITS` as `Actor compute units`. */
function label(name: string): string {
  const words = name
    .toLowerCase()
    .replaceAll("_", " ")
    .replace(/ gbytes$/, ", GB");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function Days({ days }: { days: Day[] }) {
  const most = Math.max(...days.map((day) => day.totalUsageCreditsUsd), Number.MIN_VALUE);
  const [first, last] = [days[0], days.at(-1)];
  return (
    <figure className={styles.usage}>
      <figcaption>
        <span>Cost by day</span>
        <span>highest: {usd(Math.max(...days.map((day) => day.totalUsageCreditsUsd), 0))}</span>
      </figcaption>
      <ol className={styles.days}>
        {days.map((day) => (
          <li key={day.date} title={`${fullDate(day.date)}: ${usd(day.totalUsageCreditsUsd)}`}>
            <span className="visually-hidden">
              {fullDate(day.date)}: {usd(day.totalUsageCreditsUsd)}
            </span>
            <span className={styles.day} style={{ height: `${(day.totalUsageCreditsUsd / most) * 100}%` }} />
          </li>
        ))}
      </ol>
      <p className={styles.ends} aria-hidden>
        <span>{first && fullDate(first.date)}</span>
        {last !== first && <span>{last && fullDate(last.date)}</span>}
      </p>
    </figure>
  );
}
