import { useQuery } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useId } from "react";
import { actorsQuery } from "@/api/actors";
import { tasksQuery } from "@/api/tasks";
import { CodeEditor } from "@/editor/CodeEditor";
import { IconButton } from "@/ui/Button";
import { Field, FieldError, Select } from "@/ui/Field";
import type { DraftAction } from "./draft";
import styles from "./Schedules.module.css";

type Props = {
  title: string;
  action: DraftAction;
  error: string | undefined;
  onChange: (changes: Partial<DraftAction>) => void;
  onRemove: () => void;
};

/** One Actor or task that a schedule starts, with its input. */
export function ActionFields({ title, action, error, onChange, onRemove }: Props) {
  const id = useId();
  const isActor = action.type === "RUN_ACTOR";
  return (
    <fieldset className={styles.action} aria-label={title}>
      <div className={styles.pair}>
        <Field label="Starts" htmlFor={`${id}-target`}>
          <TargetSelect id={`${id}-target`} action={action} onChange={onChange} />
        </Field>
        <IconButton variant="quiet" label="Remove this start" icon={<Trash2 aria-hidden />} onClick={onRemove} />
      </div>
      <Field
        label={isActor ? "Input" : "Input that replaces fields of the task's input"}
        htmlFor={`${id}-input`}
        note="JSON; empty for the default"
      >
        <CodeEditor
          label={`Input of ${title}`}
          language="json"
          value={action.input}
          minHeight={72}
          onChange={(input) => onChange({ input })}
        />
      </Field>
      {error && <FieldError id={`${id}-error`}>{error}</FieldError>}
    </fieldset>
  );
}

type TargetProps = { id: string; action: DraftAction; onChange: (changes: Partial<DraftAction>) => void };

function TargetSelect({ id, action, onChange }: TargetProps) {
  const actors = useQuery(actorsQuery).data?.items ?? [];
  const tasks = useQuery(tasksQuery).data?.items ?? [];
  const value = action.targetId && `${action.type} ${action.targetId}`;
  const options: [string, string][] = [
    ["", "Choose an Actor or a task"],
    ...actors.map((each): [string, string] => [`RUN_ACTOR ${each.id}`, `Actor ${each.name}`]),
    ...tasks.map((each): [string, string] => [`RUN_ACTOR_TASK ${each.id}`, `Task ${each.name}`]),
  ];
  if (value && !options.some(([each]) => each === value)) options.push([value, action.targetId]);
  const choose = (chosen: string) => {
    const [type, targetId = ""] = chosen.split(" ");
    onChange({ type: type === "RUN_ACTOR_TASK" ? type : "RUN_ACTOR", targetId });
  };
  return <Select id={id} value={value} options={options} onChange={choose} />;
}
