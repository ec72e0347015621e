import { CircleAlert, Play, Save } from "lucide-react";
import { useState } from "react";
import type { ActorRecord } from "@/api/actors";
import { ApiError, messageOf } from "@/api/errors";
import type { TaskRecord } from "@/api/tasks";
import { plural } from "@/format/numbers";
import { fieldsToCorrect } from "@/schema-form/SchemaForm";
import type { InputSchema } from "@/schema-form/schema";
import type { InputForm } from "@/schema-form/useInputForm";
import { Button } from "@/ui/Button";
import { showToast } from "@/ui/toasts";
import styles from "./ActionBar.module.css";
import type { RunOptions } from "./options";
import { SaveTaskDialog } from "./SaveTaskDialog";
import type { Start } from "./useStart";

const SHOWN_FIELDS = 3;

type Props = {
  actor: ActorRecord;
  task?: TaskRecord;
  schema: InputSchema | null;
  form: InputForm;
  options: RunOptions;
  start: Start;
  onGoTo: (field: string) => void;
};

/** What has to be corrected, and the buttons that save and start. It stays at the bottom of the window. */
export function ActionBar({ actor, task, schema, form, options, start, onGoTo }: Props) {
  const [isSaving, setSaving] = useState(false);
  const label = task && start.isChanged ? "Save and start" : "Start";
  return (
    <div className={styles.bar}>
      <div className={styles.state} aria-live="polite">
        <State schema={schema} form={form} error={start.error} onGoTo={onGoTo} />
      </div>
      <div className={styles.actions}>
        {task ? (
          <SaveButton start={start} />
        ) : (
          <Button variant="quiet" onClick={() => setSaving(true)} disabled={form.jsonError !== null}>
            Save as a task
          </Button>
        )}
        <Button
          variant="primary"
          needsServer
          icon={<Play aria-hidden />}
          isPending={start.isPending}
          disabled={form.jsonError !== null}
          onClick={start.run}
        >
          {label}
          <kbd className={styles.key}>Ctrl Enter</kbd>
        </Button>
      </div>
      {isSaving && <SaveTaskDialog {...{ actor, options }} input={form.input} onClose={() => setSaving(false)} />}
    </div>
  );
}

function SaveButton({ start }: { start: Start }) {
  const [isPending, setPending] = useState(false);
  const save = async () => {
    setPending(true);
    try {
      await start.save();
      showToast({ kind: "done", text: "The task is saved." });
    } catch (error) {
      showToast({ kind: "error", text: `The task is not saved. ${messageOf(error)}` });
    } finally {
      setPending(false);
    }
  };
  return (
    <Button needsServer icon={<Save aria-hidden />} isPending={isPending} disabled={!start.isChanged} onClick={save}>
      Save
    </Button>
  );
}

type StateProps = Pick<Props, "schema" | "form" | "onGoTo"> & { error: unknown };

function State({ schema, form, error, onGoTo }: StateProps) {
  if (form.jsonError) {
    return <Problem>Correct line {form.jsonError.line} of the JSON.</Problem>;
  }
  const wrong = fieldsToCorrect(schema, form);
  if (wrong.length === 0) {
    const isShownAtFields = error instanceof ApiError && error.type === "invalid-input";
    return error && !isShownAtFields ? <Problem>{messageOf(error)}</Problem> : null;
  }
  return (
    <Problem>
      {plural(wrong.length, "field")} to correct:{" "}
      {wrong.slice(0, SHOWN_FIELDS).map(({ name, title }, index) => (
        <span key={name}>
          {index > 0 && ", "}
          <button type="button" className={styles.field} onClick={() => onGoTo(name)}>
            {title}
          </button>
        </span>
      ))}
      {wrong.length > SHOWN_FIELDS && ` and ${wrong.length - SHOWN_FIELDS} more`}
    </Problem>
  );
}

function Problem({ children }: { children: React.ReactNode }) {
  return (
    <p className={styles.problem}>
      <CircleAlert aria-hidden />
      <span>{children}</span>
    </p>
  );
}
