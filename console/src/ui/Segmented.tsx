import { clsx } from "clsx";
import type { ReactNode } from "react";
import { count } from "@/format/numbers";
import styles from "./Segmented.module.css";

type Segment<T extends string> = { value: T; label: string; icon?: ReactNode; count?: number | undefined };

type Props<T extends string> = { label: string; segments: Segment<T>[]; value: T; onChange: (value: T) => void };

/** A choice of one of a few views or filters. */
export function Segmented<T extends string>({ label, segments, value, onChange }: Props<T>) {
  return (
    <fieldset className={styles.group} aria-label={label}>
      {segments.map((each) => (
        <button
          key={each.value}
          type="button"
          aria-pressed={each.value === value}
          className={clsx(styles.segment, each.value === value && styles.current)}
          onClick={() => onChange(each.value)}
        >
          {each.icon}
          {each.label}
          {each.count !== undefined && <span className={styles.count}>{count(each.count)}</span>}
        </button>
      ))}
    </fieldset>
  );
}
