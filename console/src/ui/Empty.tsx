import type { ReactNode } from "react";
import { CommandLine } from "./CommandLine";
import styles from "./Empty.module.css";

/** What a place without content is for, and what to do or type next. */
export function Empty({ children, command, action }: { children: ReactNode; command?: string; action?: ReactNode }) {
  return (
    <div className={styles.empty}>
      <p>{children}</p>
      {command && <CommandLine command={command} />}
      {action}
    </div>
  );
}
