import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Bookmark } from "lucide-react";
import { useId, useState } from "react";
import type { ActorRecord, BuildRecord } from "@/api/actors";
import { ApiError, messageOf } from "@/api/errors";
import { type Fit, type FitInput, useStartFit } from "@/api/fits";
import { taskQuery, tasksQuery } from "@/api/tasks";
import { type JsonObject, writeJson } from "@/json/exact";
import { problemsOf } from "@/schema-form/problems";
import { fieldsToCorrect, focusField } from "@/schema-form/SchemaForm";
import type { InputSchema } from "@/schema-form/schema";
import { type InputForm, useInputForm } from "@/schema-form/useInputForm";
import { InputPanel } from "@/start/InputPanel";
import { validateInput } from "@/start/useStart";
import { Button } from "@/ui/Button";
import { ErrorNote } from "@/ui/ErrorNote";
import { Field, TextInput } from "@/ui/Field";
import { Menu, MenuItem } from "@/ui/Menu";
import { FitOptions } from "./FitOptions";
import styles from "./NewFit.module.css";
import { type Draft, errorsOf, orderOf } from "./order";

type Props = {
  actor: ActorRecord;
  build: BuildRecord;
  schema: InputSchema | null;
  possible: number[];
  firstDraft: Draft;
  first: JsonObject;
  source: string;
  label: string;
  /** The inputs of an earlier fit that had more than one. */
  several: FitInput[] | null;
  hasFits: boolean;
  onStarted: (fit: Fit) => void;
};

/** The input at the left; sizes, repeats and limits at the right. */
export function NewFitForm(props: Props) {
  const { actor, build, schema, possible, hasFits } = props;
  const [draft, setDraft] = useState(props.firstDraft);
  const [label, setLabel] = useState(props.label);
  const [several, setSeveral] = useState(props.several);
  const form = useInputForm(schema, props.first, props.source, (input, signal) =>
    validateInput(actor.id, build.buildNumber, schema, input, signal),
  );
  const start = useFitStart(props, draft, several ?? [{ label, body: form.input }], several ? null : form);
  return (
    <div className={styles.new}>
      <div className={styles.intro}>
        <h2>Find the memory that {actor.name} needs</h2>
        <p>
          Greenroom runs build {build.buildNumber} at several memory sizes, recommends one, and proves it with a fresh
          run. The runs are real: they change named storages and send requests.
        </p>
        {hasFits && (
          <Link to="/actors/$actorId/$tab" params={{ actorId: actor.id, tab: "fit" }}>
            Back to the last fit
          </Link>
        )}
      </div>
      <div className={styles.input}>
        {several ? (
          <SeveralInputs inputs={several} onReplace={() => setSeveral(null)} />
        ) : (
          <>
            <div className={styles.inputHead}>
              <LabelField label={label} onChange={setLabel} />
              <TaskMenu actor={actor} form={form} />
            </div>
            <InputPanel actor={actor} schema={schema} form={form} onRunOptions={() => {}} onReset={() => {}} />
          </>
        )}
      </div>
      <aside className={styles.options} aria-label="Options of the fit">
        <FitOptions
          actor={actor}
          draft={draft}
          possible={possible}
          inputs={several?.length ?? 1}
          input={several ? null : form.input}
          schema={schema}
          errors={start.isChecked ? errorsOf(draft) : {}}
          onChange={(changes) => setDraft({ ...draft, ...changes })}
        />
        {start.error !== null && <ErrorNote title={messageOf(start.error)} />}
        <div>
          <Button variant="primary" needsServer isPending={start.isPending} onClick={start.run}>
            Start the fit
          </Button>
        </div>
      </aside>
    </div>
  );
}

/** Starts the fit. With errors in the input, the first one gets the focus instead. */
function useFitStart({ actor, schema, onStarted }: Props, draft: Draft, inputs: FitInput[], form: InputForm | null) {
  const [isChecked, setChecked] = useState(false);
  const start = useStartFit();
  const onError = (error: Error) => {
    if (form && error instanceof ApiError && error.type === "invalid-input") {
      form.showProblems(problemsOf(error.message, schema));
    }
  };
  const run = () => {
    setChecked(true);
    if (Object.keys(errorsOf(draft)).length > 0 || (form && form.jsonError !== null)) return;
    const wrong = form && fieldsToCorrect(schema, form)[0];
    if (!wrong) return start.mutate(orderOf(actor.id, draft, inputs), { onSuccess: onStarted, onError });
    form.setView("form");
    requestAnimationFrame(() => focusField(wrong.name));
  };
  return { run, isChecked, isPending: start.isPending, error: start.error };
}

function LabelField({ label, onChange }: { label: string; onChange: (label: string) => void }) {
  const id = useId();
  return (
    <Field label="Name of the input" htmlFor={id} note="For the table, such as “1,000 pages”; may be empty">
      <TextInput id={id} value={label} maxLength={100} onChange={(event) => onChange(event.target.value)} />
    </Field>
  );
}

/** Fills the form with the stored input of a task. */
function TaskMenu({ actor, form }: { actor: ActorRecord; form: InputForm }) {
  const queries = useQueryClient();
  const tasks = (useQuery(tasksQuery).data?.items ?? []).filter(({ actId }) => actId === actor.id);
  const [error, setError] = useState<string | null>(null);
  const use = async (task: (typeof tasks)[number]) => {
    try {
      // A page of the task may have been open a moment ago, and the input may have changed since then.
      const { input } = await queries.fetchQuery({ ...taskQuery(task.id), staleTime: 0 });
      form.replace(input ?? {}, `The stored input of the task ${task.name}`);
      setError(null);
    } catch (cause) {
      setError(messageOf(cause));
    }
  };
  if (tasks.length === 0) return null;
  const trigger = (
    <Button variant="quiet" small icon={<Bookmark aria-hidden />}>
      Use the input of a task
    </Button>
  );
  return (
    <>
      <Menu trigger={trigger}>
        {tasks.map((task) => (
          <MenuItem key={task.id} onSelect={() => void use(task)}>
            {task.name}
          </MenuItem>
        ))}
      </Menu>
      {error && <ErrorNote title={error} />}
    </>
  );
}

function SeveralInputs({ inputs, onReplace }: { inputs: FitInput[]; onReplace: () => void }) {
  return (
    <>
      <h3>{inputs.length} inputs of the earlier fit</h3>
      <ol className={styles.several}>
        {inputs.map(({ label, body }, index) => (
          <li key={`${label} ${writeJson(body)}`}>
            {label || `#${index + 1}`} <code>{writeJson(body)}</code>
          </li>
        ))}
      </ol>
      <div>
        <Button small onClick={onReplace}>
          Use one input instead
        </Button>
      </div>
    </>
  );
}
