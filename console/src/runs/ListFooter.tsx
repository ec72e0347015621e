import { count } from "@/format/numbers";
import { chosenTimeZone, fullDate } from "@/format/times";
import { useNow } from "@/ui/now";
import { type Store, useStore } from "@/ui/store";
import styles from "./RunList.module.css";

const KEYS = [
  [["j", "k"], "move"],
  [["x"], "select"],
  [["Enter"], "open"],
  [["?"], "all keys"],
] as const;

/** Which rows are in view, the zone of all times, and the most useful keys. */
export function ListFooter({ range, total }: { range: Store<[number, number]>; total: number }) {
  const [first, last] = useStore(range);
  return (
    <footer className={styles.footer}>
      <span>
        {count(Math.min(first + 1, total))}–{count(Math.min(last + 1, total))} of {count(total)}
      </span>
      <Today />
      <span className={styles.keys}>
        {KEYS.map(([keys, label]) => (
          <span key={label}>
            {keys.map((key) => (
              <kbd key={key}>{key}</kbd>
            ))}
            {label}
          </span>
        ))}
      </span>
    </footer>
  );
}

function Today() {
  return (
    <span className={styles.today}>
      Today {fullDate(useNow(true))}, times in {chosenTimeZone() ?? "your time zone"}
    </span>
  );
}
