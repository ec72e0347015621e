import { Braces, History, RotateCcw, TextCursorInput } from "lucide-react";
import { useState } from "react";
import type { ActorRecord } from "@/api/actors";
import type { TaskRecord } from "@/api/tasks";
import { CodeEditor } from "@/editor/CodeEditor";
import { fieldsToCorrect, SchemaForm } from "@/schema-form/SchemaForm";
import { editorOf, type InputSchema, initialInput, plainText } from "@/schema-form/schema";
import { type InputForm, sourceOf } from "@/schema-form/useInputForm";
import { Button } from "@/ui/Button";
import { FieldError } from "@/ui/Field";
import { Segmented } from "@/ui/Segmented";
import type { RunOptions } from "./options";
import styles from "./StartForm.module.css";
import { UseInputDialog } from "./UseInputDialog";

type Props = {
  actor: ActorRecord;
  task?: TaskRecord;
  schema: InputSchema | null;
  form: InputForm;
  onRunOptions: (options: Partial<RunOptions>) => void;
  onReset: () => void;
};

/** The input as a form or as JSON. While the JSON is not valid, the form is locked. */
export function InputPanel({ actor, task, schema, form, onRunOptions, onReset }: Props) {
  const [isChoosing, setChoosing] = useState(false);
  const reset = () => {
    if (task?.input) form.replace(task.input, "The stored input of the task");
    else form.replace(initialInput(schema), sourceOf(schema));
    onReset();
  };
  return (
    <>
      <div className={styles.toolbar}>
        {schema !== null && (
          <Segmented
            label="View of the input"
            value={form.view}
            segments={[
              { value: "form", label: "Form", icon: <TextCursorInput aria-hidden /> },
              { value: "json", label: "JSON", icon: <Braces aria-hidden /> },
            ]}
            onChange={form.setView}
          />
        )}
        <span className={styles.source}>{form.source}</span>
        <span className={styles.tools}>
          <Button variant="quiet" small icon={<History aria-hidden />} onClick={() => setChoosing(true)}>
            Use the input of a run
          </Button>
          <Button variant="quiet" small icon={<RotateCcw aria-hidden />} onClick={reset}>
            Reset
          </Button>
        </span>
      </div>
      {form.problems.others.map((problem) => (
        <FieldError key={problem} id="input-problem">
          {problem}
        </FieldError>
      ))}
      {form.view === "json" || schema === null ? (
        <JsonView form={form} hasSchema={schema !== null} />
      ) : (
        <FormView form={form} schema={schema} />
      )}
      {isChoosing && (
        <UseInputDialog
          actor={actor}
          onInput={(input, options, source) => {
            form.replace(input, source);
            onRunOptions(options);
          }}
          onClose={() => setChoosing(false)}
        />
      )}
    </>
  );
}

function FormView({ form, schema }: { form: InputForm; schema: InputSchema }) {
  return (
    <>
      {form.jsonError && (
        <div className={styles.locked} role="status">
          <FieldError id="json-error">
            Line {form.jsonError.line} of the JSON: {form.jsonError.message}.
          </FieldError>
          <Button small onClick={() => form.setView("json")}>
            Correct the JSON
          </Button>
        </div>
      )}
      <HiddenProblems form={form} schema={schema} />
      {schema.description && <p className={styles.description}>{plainText(schema.description)}</p>}
      <SchemaForm form={form} schema={schema} />
    </>
  );
}

/** What is wrong with fields that the form does not show. Only the JSON can correct them. */
function HiddenProblems({ form, schema }: { form: InputForm; schema: InputSchema }) {
  const isHidden = ({ name }: { name: string }) => editorOf(schema.properties[name] ?? {}) === "hidden";
  return fieldsToCorrect(schema, form)
    .filter(isHidden)
    .map(({ name, title }) => (
      <div key={name} className={styles.locked} data-field={name}>
        <FieldError id={`input.${name}-error`}>
          The form does not show {title}. {form.problems.fields[name]}
        </FieldError>
        <Button small onClick={() => form.setView("json")}>
          Correct the JSON
        </Button>
      </div>
    ));
}

function JsonView({ form, hasSchema }: { form: InputForm; hasSchema: boolean }) {
  const { jsonError } = form;
  return (
    <>
      {!hasSchema && (
        <p className={styles.description}>This build has no input schema. Each JSON object is a valid input.</p>
      )}
      <CodeEditor
        language="json"
        label="Input as JSON"
        hasLineNumbers
        minHeight={320}
        value={form.text}
        isInvalid={jsonError !== null}
        describedBy="json-error"
        onChange={form.setText}
      />
      {jsonError && (
        <FieldError id="json-error">
          Line {jsonError.line}, column {jsonError.column}: {jsonError.message}.
        </FieldError>
      )}
    </>
  );
}
