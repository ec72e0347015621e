import { useQuery } from "@tanstack/react-query";
import { Braces, ListTree } from "lucide-react";
import { useMemo, useState } from "react";
import { type RecordInfo, recordPath, recordTextQuery } from "@/api/storeRecords";
import { CodeEditor } from "@/editor/CodeEditor";
import { parseJson } from "@/editor/jsonErrors";
import { languageOf } from "@/editor/types";
import { bytes } from "@/format/numbers";
import { writeJson } from "@/json/exact";
import { CopyButton } from "@/ui/CopyButton";
import { QueryError } from "@/ui/ErrorNote";
import { Segmented } from "@/ui/Segmented";
import { Skeleton } from "@/ui/Skeleton";
import { JsonTree } from "../JsonTree";
import { previewOf } from "./preview";
import styles from "./Store.module.css";

type Props = { storeId: string; recordKey: string; info: RecordInfo };

/** The content of a record, as its type permits. */
export function RecordPreview({ storeId, recordKey, info }: Props) {
  const path = recordPath(storeId, recordKey);
  switch (previewOf(info)) {
    case "image":
      return (
        <div className={styles.picture}>
          <img src={path} alt={recordKey} />
        </div>
      );
    case "html":
      // The record has an origin of its own in the frame, so that its scripts cannot use the session of the console.
      return (
        <iframe
          className={styles.frame}
          title={`The page ${recordKey}`}
          src={path}
          sandbox="allow-scripts allow-forms"
          referrerPolicy="no-referrer"
        />
      );
    case "json":
      return <JsonPreview storeId={storeId} recordKey={recordKey} />;
    case "text":
      return <TextPreview storeId={storeId} recordKey={recordKey} />;
    case "too-large":
      return <p className={styles.none}>The record has {bytes(info.size)}, which is too large to show. Download it.</p>;
    case "none":
      return <p className={styles.none}>The console cannot show {info.contentType}. Download the record.</p>;
  }
}

type ContentProps = { storeId: string; recordKey: string };

function JsonPreview({ storeId, recordKey }: ContentProps) {
  const { data: text, error, refetch } = useQuery(recordTextQuery(storeId, recordKey));
  const [isText, setText] = useState(false);
  const parsed = useMemo(() => (text === undefined ? null : parseJson(text)), [text]);
  if (error && text === undefined) return <QueryError error={error} refetch={refetch} />;
  if (text === undefined || parsed === null) return <Skeleton lines={6} />;
  if (parsed.error) {
    return (
      <>
        <p className={styles.quiet}>
          The record is not valid JSON. Line {parsed.error.line}: {parsed.error.message}.
        </p>
        <CodeEditor label={recordKey} language="text" value={text} isReadOnly wraps maxHeight={640} />
      </>
    );
  }
  return (
    <>
      <div className={styles.tools}>
        <Segmented
          label="Record as"
          value={isText ? "text" : "tree"}
          segments={[
            { value: "tree", label: "Tree", icon: <ListTree aria-hidden /> },
            { value: "text", label: "JSON", icon: <Braces aria-hidden /> },
          ]}
          onChange={(value) => setText(value === "text")}
        />
        <CopyButton text={text} label="Copy" withLabel />
      </div>
      {isText ? (
        <CodeEditor
          label={recordKey}
          language="json"
          value={writeJson(parsed.value, 2)}
          isReadOnly
          hasLineNumbers
          maxHeight={640}
        />
      ) : (
        <JsonTree value={parsed.value} />
      )}
    </>
  );
}

function TextPreview({ storeId, recordKey }: ContentProps) {
  const { data: text, error, refetch } = useQuery(recordTextQuery(storeId, recordKey));
  if (error && text === undefined) return <QueryError error={error} refetch={refetch} />;
  if (text === undefined) return <Skeleton lines={6} />;
  return (
    <CodeEditor
      label={recordKey}
      language={languageOf(recordKey)}
      value={text}
      isReadOnly
      hasLineNumbers
      wraps
      maxHeight={640}
    />
  );
}
