import styles from "./CommandLine.module.css";
import { CopyButton } from "./CopyButton";

type Props = {
  command: string;
  /** What is copied, if the command on screen hides secrets. */
  copied?: string;
  wraps?: boolean;
};

/** A command to type in a terminal, with a button that copies it. Long ones scroll, or wrap with `wraps`. */
export function CommandLine({ command, copied = command, wraps = false }: Props) {
  return (
    <span className={styles.command} data-wraps={wraps}>
      <code>{command}</code>
      <CopyButton text={copied} label="Copy the command" />
    </span>
  );
}
