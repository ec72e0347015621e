import styles from "./RecommendationCard.module.css";

/** The changed lines of a unified diff. */
export function Diff({ diff, path }: { diff: string; path: string }) {
  return (
    <figure className={styles.diff}>
      <figcaption title={path}>{path.split("/").slice(-2).join("/")}</figcaption>
      <ol aria-label={`Changes of ${path}`}>
        {changedLines(diff).map(({ kind, text, number }) => (
          <li key={number} data-kind={kind}>
            <span className={styles.sign}>
              <span aria-hidden>{SIGNS[kind]}</span>
              <span className="visually-hidden">{kind}: </span>
            </span>
            {text}
          </li>
        ))}
      </ol>
    </figure>
  );
}

const SIGNS = { removed: "-", added: "+" } as const;

type DiffLine = { kind: keyof typeof SIGNS; text: string; number: number };

/** Lines are without their indentation, which all of them share. */
export function changedLines(diff: string): DiffLine[] {
  return diff.split("\n").flatMap((line, number): DiffLine[] => {
    if (/^(---|\+\+\+) /.test(line) || !/^[-+]/.test(line)) return [];
    return [{ kind: line.startsWith("-") ? "removed" : "added", text: line.slice(1).trim(), number }];
  });
}
