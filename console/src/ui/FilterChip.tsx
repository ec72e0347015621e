import { Plus, X } from "lucide-react";
import type { ReactNode } from "react";
import { Menu } from "@/ui/Menu";
import styles from "./FilterChip.module.css";

type Props = {
  /** What it filters by, such as `Actor`. */
  label: string;
  /** The value that is filtered by; undefined if it does not filter. */
  value: string | undefined;
  onClear: () => void;
  /** The items of the menu that opens. */
  children: ReactNode;
};

/** A filter that is added with a dashed chip, and removed with the cross of a filled one. */
export function FilterChip({ label, value, onClear, children }: Props) {
  const trigger = (
    <button type="button" className={styles.label}>
      {value === undefined && <Plus aria-hidden />}
      {label}
      {value !== undefined && <b>{value}</b>}
    </button>
  );
  return (
    <span className={styles.chip} data-active={value !== undefined}>
      <Menu trigger={trigger} align="start">
        {children}
      </Menu>
      {value !== undefined && (
        <button type="button" className={styles.clear} aria-label={`Clear the filter by ${label}`} onClick={onClear}>
          <X aria-hidden />
        </button>
      )}
    </span>
  );
}
