import { clsx } from "clsx";
import { memo, type ReactNode } from "react";
import { bytes } from "@/format/numbers";
import { clockTime, millisOf } from "@/format/times";
import { CopyButton } from "@/ui/CopyButton";
import styles from "./LogViewer.module.css";
import type { LogLine } from "./lines";
import { type MarkedSpan, markMatches, matchesIn, parseLine } from "./text";

const LEVEL_STYLES = {
  ERROR: styles.error,
  WARN: styles.warn,
  INFO: styles.info,
  DEBUG: styles.debug,
  SYS: styles.system,
};
/** Messages of the platform about an end that nobody wanted. */
const BAD_MESSAGE = /\b(?:killed|failed|error|exceeded|timed out|crashed)\b/i;

type Props = {
  row: number;
  number: number;
  /** Undefined while the line is fetched. */
  line: LogLine | undefined;
  top: number;
  query: string;
  isMarked: boolean;
  isCurrentMatch: boolean;
  isWrapped: boolean;
  onClick: (line: LogLine) => void;
};

/** A line of a log: its number, time, level and text. */
export const LogRow = memo(function LogRow({ row, number, line, top, query, isWrapped, onClick, ...states }: Props) {
  const content = line && parseLine(line);
  const isBad = line?.level === "SYS" && BAD_MESSAGE.test(content?.plain ?? "");
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: arrow keys move the same cursor at the curves
    // biome-ignore lint/a11y/noStaticElementInteractions: a click only marks the line; its text stays selectable
    <div
      className={clsx(
        styles.row,
        isWrapped && styles.wrapped,
        states.isMarked && styles.marked,
        states.isCurrentMatch && styles.currentMatch,
        isBad && styles.bad,
      )}
      style={{ transform: `translateY(${top}px)` }}
      data-row={row}
      onClick={() => line && !window.getSelection()?.toString() && onClick(line)}
    >
      <span className={styles.number} aria-hidden>
        {number + 1}
      </span>
      {line && content ? (
        <>
          <Time at={content.at} />
          <span className={clsx(styles.level, line.level && LEVEL_STYLES[line.level])}>{line.level}</span>
          <span className={styles.text}>
            {content.logger && <span className={styles.logger}>{content.logger} </span>}
            {markMatches(content.spans, matchesIn(content.plain, query)).map(span)}
            {line.isFolded && <Fold line={line} />}
          </span>
        </>
      ) : (
        <span className={styles.loading} style={{ width: `${30 + ((number * 37) % 50)}ch` }} />
      )}
    </div>
  );
});

/** On a narrow screen, times are shown without milliseconds. */
function Time({ at }: { at: number | null }) {
  return (
    <span className={styles.time}>
      {at !== null && clockTime(at)}
      {at !== null && <span className={styles.millis}>{millisOf(at)}</span>}
    </span>
  );
}

function span({ text, color, isBold, isDim, isMatch }: MarkedSpan, index: number): ReactNode {
  if (isMatch) return <mark key={index}>{text}</mark>;
  if (!color && !isBold && !isDim) return text;
  const style = { ...(color ? { color: `var(${color})` } : isDim ? { color: "var(--text-3)" } : {}) };
  return (
    <span key={index} style={isBold ? { ...style, fontWeight: 600 } : style}>
      {text}
    </span>
  );
}

/** The end of a line that is too long to show. */
function Fold({ line }: { line: LogLine }) {
  return (
    <span className={styles.fold}>
      … this line has {bytes(line.length)}; its beginning is shown
      <CopyButton text={line.text} label="Copy the beginning of the line" />
    </span>
  );
}
