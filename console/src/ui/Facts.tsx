import type { ReactNode } from "react";
import styles from "./Facts.module.css";

export type Fact = { label: string; value: ReactNode; note?: ReactNode; isBad?: boolean };

/** The numbers that answer most questions about a page's subject, in one row. */
export function Facts({ facts }: { facts: Fact[] }) {
  return (
    <div className={styles.place}>
      <dl className={styles.facts}>
        {facts.map((fact) => (
          <div key={fact.label} className={styles.fact}>
            <dt>{fact.label}</dt>
            <dd className={styles.value} data-bad={fact.isBad}>
              {fact.value}
            </dd>
            {fact.note !== undefined && <dd className={styles.note}>{fact.note}</dd>}
          </div>
        ))}
      </dl>
    </div>
  );
}

/** Names with values, one per line, for details and settings. */
export function Details({ rows }: { rows: Record<string, ReactNode> }) {
  return (
    <dl className={styles.details}>
      {Object.entries(rows).map(([label, value]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
