import styles from "./CommandLine.module.css";
import { CopyButton } from "./CopyButton";

type Props = {
  command: string;
  /** What is copied, if the command on screen hides secrets. */
  copied?: string;
};

/** A command to type in a terminal, with a button that copies it. */
export function CommandLine({ command, copied = command }: Props) {
  return (
    <span className={styles.command}>
      <code>
        {command.split(/(?<= )/).map((word, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: words may repeat, and their order never changes
          <span key={index} className={styles.word}>
            {word}
          </span>
        ))}
      </code>
      <CopyButton text={copied} label="Copy the command" />
    </span>
  );
}
