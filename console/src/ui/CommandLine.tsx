import styles from "./CommandLine.module.css";
import { CopyButton } from "./CopyButton";

/** A command to type in a terminal, with a button that copies it. */
export function CommandLine({ command }: { command: string }) {
  return (
    <span className={styles.command}>
      <code>{command}</code>
      <CopyButton text={command} label="Copy the command" />
    </span>
  );
}
