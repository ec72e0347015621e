import styles from "./Copyable.module.css";
import { CopyButton } from "./CopyButton";

/** A text to copy. `shown` stands in place of one that contains a secret. */
export function Copyable({ text, shown = text, label }: { text: string; shown?: string; label: string }) {
  return (
    <span className={styles.copyable}>
      <code>{shown}</code>
      <CopyButton text={text} label={label} />
    </span>
  );
}
