import { useEffect, useState } from "react";
import { count } from "@/format/numbers";
import { chosenTimeZone, fullDate, timeZone } from "@/format/times";
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
  const zone = useTimeZone();
  return (
    <span className={styles.today}>
      Today {fullDate(useNow(true))}
      {zone && `, times in ${zone}`}
    </span>
  );
}

const ZONE_MILLIS = 2_000;

/** The name of the zone. That of the browser comes later, since the first use of Intl would delay the page. */
function useTimeZone(): string | null {
  const [zone, setZone] = useState(chosenTimeZone);
  useEffect(() => {
    const reading = setTimeout(() => setZone(timeZone()), ZONE_MILLIS);
    return () => clearTimeout(reading);
  }, []);
  return zone;
}
