import styles from "./CommandLine.module.css";
import { CopyButton } from "./CopyButton";

/** A command to type in a terminal, with a button that copies it. Long ones scroll, or wrap with `wraps`. */
export function CommandLine({ command, wraps = false }: { command: string; wraps?: boolean }) {
  return (
    <span className={styles.command} data-wraps={wraps}>
      <code>{command}</code>
      <CopyButton text={command} label="Copy the command" />
    </span>
  );
}
