import { bytes, plural } from "@/format/numbers";
import { duration } from "@/format/times";
import { CopyButton } from "@/ui/CopyButton";
import styles from "./Api.module.css";
import { pretty, type Received } from "./sending";

/** The response: status, time and size, headers, and the body. */
export function ResponseView({ received }: { received: Received }) {
  const { status, statusText, millis, headers, text, isCut } = received;
  const shown = pretty(received);
  return (
    <section className={styles.response} aria-label="Response" role="status">
      <p className={styles.status}>
        <b data-bad={status >= 400}>
          {status} {statusText}
        </b>
        <span>{millis < 1000 ? `${Math.round(millis)} ms` : duration(millis)}</span>
        <span>{isCut ? `the first ${bytes(received.bytes)}` : bytes(received.bytes)}</span>
        {shown !== "" && <CopyButton text={shown} label="Copy the body" withLabel />}
      </p>
      <details>
        <summary>{plural(headers.length, "header")}</summary>
        <dl className={styles.headers}>
          {headers.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      </details>
      {text === null && <p className={styles.note}>The body is not text.</p>}
      {shown !== "" && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with keys
        <pre tabIndex={0}>{shown}</pre>
      )}
      {isCut && <p className={styles.note}>The body is cut here. The command below returns all of it.</p>}
    </section>
  );
}
