import { type ReactNode, useState } from "react";
import { CopyButton } from "@/ui/CopyButton";
import styles from "./CopyAs.module.css";
import { LANGUAGES, type Language, type Order, snippetOf } from "./copyAs";

/** `greenroom call` starts Actors only. */
const TASK_LANGUAGES = LANGUAGES.filter((each) => each !== "greenroom");

/** The run as a command or a program, which changes with each key. `shown` is the order with its secrets masked. */
export function CopyAs({ order, shown }: { order: Order; shown: Order }) {
  const [language, setLanguage] = useState<Language>("greenroom");
  const languages: readonly Language[] = order.kind === "task" ? TASK_LANGUAGES : LANGUAGES;
  const current = languages.includes(language) ? language : "apify";
  const { text, missing } = snippetOf(current, shown);
  return (
    <section className={styles.place} aria-label="Copy as">
      <div className={styles.head}>
        <h2>Copy as</h2>
        <CopyButton text={() => snippetOf(current, order).text} label="Copy" withLabel />
      </div>
      <div className={styles.card}>
        <div className={styles.tabs}>
          {languages.map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={each === current}
              className={styles.tab}
              onClick={() => setLanguage(each)}
            >
              {each}
            </button>
          ))}
        </div>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with keys */}
        <section className={styles.code} tabIndex={0} aria-label={`The run for ${current}`}>
          <pre>{colored(text)}</pre>
        </section>
        {missing.length > 0 && (
          <p className={styles.note}>
            The {current} command has no option for {missing.join(", ")}.
          </p>
        )}
      </div>
    </section>
  );
}

const WORDS = /("(?:[^"\\]|\\.)*")|(?<![\w.-])(\d+(?:\.\d+)?)(?![\w.-])/g;

/** Strings and numbers in color. */
function colored(text: string): ReactNode[] {
  const parts: ReactNode[] = [];
  let end = 0;
  for (const match of text.matchAll(WORDS)) {
    parts.push(text.slice(end, match.index));
    end = match.index + match[0].length;
    parts.push(
      <span key={match.index} className={match[1] === undefined ? styles.number : styles.string}>
        {match[0]}
      </span>,
    );
  }
  return [...parts, text.slice(end)];
}
