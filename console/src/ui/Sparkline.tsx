import styles from "./Sparkline.module.css";

/** One bar for each value, as high as its share of the highest one. The text beside it has the numbers. */
export function Sparkline({ values }: { values: readonly number[] }) {
  const most = Math.max(1, ...values);
  const bars = values.map((value, index) => (value === 0 ? "" : `M${index} 1v${-value / most}h.75V1z`));
  return (
    <svg className={styles.line} viewBox={`0 0 ${values.length} 1`} preserveAspectRatio="none" aria-hidden>
      <path d={bars.join("")} />
    </svg>
  );
}
