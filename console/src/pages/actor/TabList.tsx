import type { ReactNode } from "react";
import styles from "./ActorPage.module.css";

/** A list of an Actor's records, with its toolbar. */
export function TabList({ children }: { children: ReactNode }) {
  return <div className={styles.list}>{children}</div>;
}
