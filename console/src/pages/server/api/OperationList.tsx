import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import { useRef } from "react";
import { plural } from "@/format/numbers";
import { useListKeys } from "@/ui/listKeys";
import styles from "./Api.module.css";
import { Method } from "./Method";
import { grouped, type Operation } from "./operations";

type Props = {
  operations: Operation[];
  current: string | null;
  search: (operation: string) => Record<string, string>;
};

export function OperationList({ operations, current, search }: Props) {
  const list = useRef<HTMLElement>(null);
  useListKeys(list, "li a");
  return (
    <nav ref={list} className={styles.list} aria-label="Operations">
      <p className={styles.note} role="status">
        {operations.length === 0 ? "No operation matches the search." : plural(operations.length, "operation")}
      </p>
      {grouped(operations).map(([group, members]) => (
        <div key={group}>
          <h2>{group}</h2>
          <ul>
            {members.map(({ id, method, path, summary }) => (
              <li key={id}>
                <Link
                  to="/api"
                  search={search(id)}
                  className={clsx(styles.entry, id === current && styles.current)}
                  aria-current={id === current ? "true" : undefined}
                >
                  <Method method={method} />
                  <span className={styles.entryText}>
                    <span>{summary}</span>
                    <code>{path}</code>
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}
