import type { ReactNode } from "react";
import styles from "./Server.module.css";

/** A row of a table on a narrow screen: a name with a value at the right, and a note below. */
export function TwoLines({ first, last, children }: { first: ReactNode; last: ReactNode; children: ReactNode }) {
  return (
    <span className={styles.twoLines}>
      <span className={styles.line}>
        <span>{first}</span>
        {last}
      </span>
      <span className={styles.note}>{children}</span>
    </span>
  );
}
