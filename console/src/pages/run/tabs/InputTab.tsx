import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Braces, Play, TextCursorInput } from "lucide-react";
import { buildQuery } from "@/api/actors";
import { isNotFound } from "@/api/errors";
import type { Run } from "@/api/run";
import { recordInfoQuery, recordTextQuery } from "@/api/storeRecords";
import { CodeEditor } from "@/editor/CodeEditor";
import { parseJson } from "@/editor/jsonErrors";
import { isObject, type JsonObject, writeJson } from "@/json/exact";
import { SchemaForm } from "@/schema-form/SchemaForm";
import { type InputSchema, inputSchemaOf } from "@/schema-form/schema";
import { useInputForm } from "@/schema-form/useInputForm";
import { buttonClass } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { Segmented } from "@/ui/Segmented";
import { Skeleton } from "@/ui/Skeleton";
import { useAddress } from "@/ui/useAddress";
import type { RunTabProps } from "../tabs";
import styles from "./Tabs.module.css";

const KEY = "INPUT";

/** The input of the run, as the form of its build's schema or as JSON. */
export function InputTab({ run }: RunTabProps) {
  const store = run.defaultKeyValueStoreId;
  const info = useQuery(recordInfoQuery(store, KEY));
  const text = useQuery({ ...recordTextQuery(store, KEY), enabled: info.isSuccess });
  const build = useQuery(buildQuery(run.buildId));
  if (isNotFound(info.error)) {
    return <Empty action={<StartAgain run={run} />}>The run got no input, or its input does not exist any more.</Empty>;
  }
  if (info.error && !info.data) return <QueryError error={info.error} refetch={info.refetch} />;
  if (text.error && text.data === undefined) return <QueryError error={text.error} refetch={text.refetch} />;
  if (text.data === undefined || !info.data || build.isPending) return <Skeleton lines={6} height={32} />;
  const isJson = info.data.contentType.includes("json");
  const { value } = parseJson(text.data);
  if (!isJson || !isObject(value)) return <RawInput text={text.data} type={info.data.contentType} />;
  return <JsonInput run={run} input={value} schema={build.data ? inputSchemaOf(build.data) : null} />;
}

function StartAgain({ run }: { run: Run }) {
  return (
    <Link
      to="/actors/$actorId"
      params={{ actorId: run.actId }}
      search={{ run: run.id }}
      className={buttonClass("secondary", true)}
    >
      <Play aria-hidden />
      Start again with this
    </Link>
  );
}

function RawInput({ text, type }: { text: string; type: string }) {
  return (
    <div className={styles.input}>
      <p className={styles.quiet}>The input is {type}, which is not a JSON object.</p>
      <CodeEditor label="Input" language="text" value={text} isReadOnly wraps maxHeight={640} />
    </div>
  );
}

type JsonProps = { run: Run; input: JsonObject; schema: InputSchema | null };

function JsonInput({ run, input, schema }: JsonProps) {
  const { get, change } = useAddress();
  const isForm = schema !== null && get("input") !== "json";
  const text = writeJson(input, 2);
  return (
    <>
      <div className={styles.toolbar}>
        {schema && (
          <Segmented
            label="Input as"
            value={isForm ? "form" : "json"}
            segments={[
              { value: "form", label: "Form", icon: <TextCursorInput aria-hidden /> },
              { value: "json", label: "JSON", icon: <Braces aria-hidden /> },
            ]}
            onChange={(value) => change({ input: value === "json" ? value : undefined })}
          />
        )}
        {!schema && <span className={styles.quiet}>The build of this run has no input schema.</span>}
        <CopyButton text={text} label="Copy as JSON" withLabel />
        <span className={styles.end}>
          <StartAgain run={run} />
        </span>
      </div>
      <div className={styles.input}>
        {isForm ? (
          <ReadOnlyForm input={input} schema={schema} />
        ) : (
          <CodeEditor label="Input as JSON" language="json" value={text} isReadOnly hasLineNumbers maxHeight={720} />
        )}
      </div>
    </>
  );
}

/** What a run got is not validated again: the schema of its build accepted it. */
const acceptEverything = () => Promise.resolve(null);

function ReadOnlyForm({ input, schema }: { input: JsonObject; schema: InputSchema }) {
  const form = useInputForm(schema, input, "The input of the run", acceptEverything);
  return <SchemaForm form={form} schema={schema} isDisabled idPrefix="run-input" />;
}
