import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { isNotFound, messageOf } from "@/api/errors";
import { putRecord, type RecordInfo, recordTextQuery } from "@/api/storeRecords";
import { CodeEditor } from "@/editor/CodeEditor";
import { parseJson } from "@/editor/jsonErrors";
import { languageOf } from "@/editor/types";
import { indentJson } from "@/json/exact";
import { Button } from "@/ui/Button";
import { ErrorNote, QueryError } from "@/ui/ErrorNote";
import { FieldError } from "@/ui/Field";
import { Skeleton } from "@/ui/Skeleton";
import { previewOf } from "./preview";
import styles from "./Store.module.css";

type Props = { storeId: string; recordKey: string; info: RecordInfo; onClose: () => void };

/** Changes the text of a record. Its content type stays. */
export function RecordEditor(props: Props) {
  const { data: text, error, refetch } = useQuery(recordTextQuery(props.storeId, props.recordKey));
  if (error && text === undefined) return <QueryError error={error} refetch={refetch} />;
  if (text === undefined) return <Skeleton lines={6} />;
  return <LoadedEditor {...props} first={text} />;
}

function LoadedEditor({ storeId, recordKey, info, onClose, first }: Props & { first: string }) {
  const isJson = previewOf(info) === "json";
  const queries = useQueryClient();
  /** What the record contained when the user last learned of it. */
  const [known, setKnown] = useState<string | null>(first);
  const [text, setText] = useState(() => (isJson ? indentJson(first) : first));
  const [failure, setFailure] = useState<string | null>(null);
  const [isPending, setPending] = useState(false);
  const problem = isJson ? parseJson(text).error : null;
  const save = async () => {
    setPending(true);
    try {
      const current = await fetchText(queries, storeId, recordKey);
      if (current !== known) {
        setKnown(current);
        throw new Error(current === null ? DELETED : CHANGED);
      }
      await putRecord(storeId, recordKey, text, info.contentType);
      onClose();
    } catch (error) {
      setFailure(messageOf(error));
      setPending(false);
    }
  };
  return (
    <>
      <CodeEditor
        label={`Content of ${recordKey}`}
        language={isJson ? "json" : languageOf(recordKey)}
        value={text}
        onChange={setText}
        isInvalid={problem !== null}
        describedBy="record-error"
        hasLineNumbers
        wraps
        minHeight={240}
        maxHeight={560}
      />
      {problem && (
        <FieldError id="record-error">
          Line {problem.line}, column {problem.column}: {problem.message}.
        </FieldError>
      )}
      {failure && <ErrorNote title={failure} />}
      <div className={styles.tools}>
        <Button variant="primary" needsServer isPending={isPending} disabled={problem !== null} onClick={save}>
          Save the record
        </Button>
        <Button onClick={onClose}>Cancel</Button>
      </div>
    </>
  );
}

const CHANGED = "The record was changed after you opened it. Save it again to replace it with your text.";
const DELETED = "The record was deleted after you opened it. Save it again to create it.";

/** The content of the record now; null if it was deleted. */
async function fetchText(queries: QueryClient, storeId: string, key: string): Promise<string | null> {
  try {
    return await queries.fetchQuery({ ...recordTextQuery(storeId, key), staleTime: 0 });
  } catch (error) {
    if (isNotFound(error)) return null;
    throw error;
  }
}
