import styles from "./Api.module.css";

/** The method of a request. Its word carries the meaning, the color repeats it. */
export function Method({ method }: { method: string }) {
  return (
    <span className={styles.method} data-method={method}>
      {method}
    </span>
  );
}
