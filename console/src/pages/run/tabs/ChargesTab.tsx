import { count, usd } from "@/format/numbers";
import { Empty } from "@/ui/Empty";
import { Facts } from "@/ui/Facts";
import { Padded } from "@/ui/Page";
import { type Column, Table } from "@/ui/Table";
import { amountOf, type Charge, chargesOf, totalOf } from "../charges";
import type { RunTabProps } from "../tabs";
import styles from "./Tabs.module.css";

/** The events that the Actor charges, and their total against the maximum of the run. */
export function ChargesTab({ run }: RunTabProps) {
  const charges = chargesOf(run);
  if (charges === null) {
    return (
      <Empty>
        The Actor charges no events. To charge some, define <code>pay-per-event</code> prices for it.
      </Empty>
    );
  }
  const total = totalOf(charges);
  const maximum = run.options.maxTotalChargeUsd ?? null;
  const isReached = maximum !== null && total !== null && total >= maximum;
  return (
    <>
      <Padded>
        <Facts
          facts={[
            { label: "Charged in total", value: usd(total), note: "not paid: Greenroom only counts", isBad: isReached },
            {
              label: "Maximum",
              value: maximum === null ? "None" : usd(maximum),
              note: isReached ? "reached: more events are not charged" : "of this run",
            },
            { label: "Events", value: count(charges.reduce((sum, each) => sum + each.count, 0)) },
          ]}
        />
      </Padded>
      <Table
        label="Charged events"
        columns={COLUMNS}
        rows={charges}
        rowId={({ event }) => event}
        compact={(charge) => (
          <span className={styles.compact}>
            <span className={styles.strong}>{charge.title}</span>
            <span className={styles.quiet}>{usd(amountOf(charge))}</span>
            <span className={styles.line}>
              {count(charge.count)} at {usd(charge.priceUsd)}
            </span>
          </span>
        )}
      />
    </>
  );
}

const COLUMNS: Column<Charge>[] = [
  { id: "event", header: "Event", width: 240, cell: ({ event }) => <code>{event}</code> },
  {
    id: "title",
    header: "Title",
    grows: true,
    cell: ({ title, description }) => <span title={description}>{title}</span>,
  },
  { id: "count", header: "Count", width: 112, isNumber: true, cell: (charge) => count(charge.count) },
  { id: "price", header: "Price", width: 112, isNumber: true, cell: ({ priceUsd }) => usd(priceUsd) },
  { id: "amount", header: "Total", width: 112, isNumber: true, cell: (charge) => usd(amountOf(charge)) },
];
