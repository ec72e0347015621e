import { useQueryErrorResetBoundary } from "@tanstack/react-query";
import { CircleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { messageOf } from "@/api/errors";
import { Button } from "@/ui/Button";
import styles from "./ErrorNote.module.css";

type Props = { title: string; children?: ReactNode; onRetry?: () => void };

/** What happened, why, and what to do next. The rest of the page stays. */
export function ErrorNote({ title, children, onRetry }: Props) {
  return (
    <div className={styles.note} role="alert">
      <CircleAlert aria-hidden />
      <div className={styles.text}>
        <p className={styles.title}>{title}</p>
        {children}
      </div>
      {onRetry && (
        <Button small onClick={onRetry}>
          Retry
        </Button>
      )}
    </div>
  );
}

/** The error of a query, in the server's words. */
export function QueryError({ error, refetch }: { error: unknown; refetch: () => void }) {
  const { reset } = useQueryErrorResetBoundary();
  const retry = () => {
    reset();
    refetch();
  };
  return <ErrorNote title={messageOf(error)} onRetry={retry} />;
}
