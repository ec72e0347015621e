import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import type { ActorRecord, BuildInList, BuildRecord } from "@/api/actors";
import { serverQuery } from "@/api/server";
import type { TaskRecord } from "@/api/tasks";
import type { JsonObject } from "@/json/exact";
import { focusField } from "@/schema-form/SchemaForm";
import { type InputSchema, maskedInput } from "@/schema-form/schema";
import { useInputForm } from "@/schema-form/useInputForm";
import { ActionBar } from "./ActionBar";
import { CopyAs } from "./CopyAs";
import type { Order } from "./copyAs";
import type { Draft } from "./drafts";
import { InputPanel } from "./InputPanel";
import { changedOptions, defaultsOf, type RunOptions } from "./options";
import { RunOptionsPanel } from "./RunOptionsPanel";
import styles from "./StartForm.module.css";
import { type Start, useStart, validateInput } from "./useStart";

type Props = {
  actor: ActorRecord;
  task?: TaskRecord;
  builds: readonly BuildInList[];
  build: BuildRecord;
  schema: InputSchema | null;
  first: JsonObject;
  source: string;
  options: RunOptions;
  onOptions: (options: RunOptions) => void;
  onDraft: (draft: Draft | null) => void;
};

/** The form with the schema of one build: the input at the left, the options at the right, the actions below. */
export function LoadedStartForm(props: Props) {
  const { actor, task, builds, build, schema, options, onOptions, onDraft } = props;
  const server = useQuery(serverQuery).data;
  const form = useInputForm(schema, props.first, props.source, (input, signal) =>
    validateInput(actor.id, build.buildNumber, schema, input, signal),
  );
  const start = useStart({ actor, ...(task ? { task } : {}), schema, form, options, onDraft });
  useDraftOf(form.input, options, form.source, onDraft);
  useControlEnter(start.run);
  const defaults = defaultsOf(actor.defaultRunOptions, actor.actorPermissionLevel, build);
  const changeOptions = (changes: Partial<RunOptions>) => onOptions({ ...options, ...changes });
  const order = orderOf(actor, task, server?.apiUrl ?? location.origin, start, options, form.input);
  return (
    <div className={styles.start}>
      <div className={styles.input}>
        <InputPanel
          actor={actor}
          {...(task ? { task } : {})}
          schema={schema}
          form={form}
          onRunOptions={changeOptions}
          onReset={() => {
            onOptions(start.storedOptions);
            onDraft(null);
          }}
        />
      </div>
      <aside className={styles.options} aria-label="Options of the run">
        <RunOptionsPanel
          {...{ actor, builds, build, defaults, options }}
          hasPermissions={task === undefined}
          onChange={changeOptions}
        />
        <CopyAs order={order} shown={{ ...order, input: order.input && maskedInput(schema, order.input) }} />
      </aside>
      <ActionBar
        actor={actor}
        {...(task ? { task } : {})}
        schema={schema}
        form={form}
        options={options}
        start={start}
        onGoTo={(name) => {
          form.setView("form");
          requestAnimationFrame(() => focusField(name));
        }}
      />
    </div>
  );
}

/** What a task stores needs no option. */
function orderOf(
  actor: ActorRecord,
  task: TaskRecord | undefined,
  apiUrl: string,
  { storedOptions, isChanged }: Start,
  options: RunOptions,
  input: JsonObject,
): Order {
  const target = `${task?.username ?? actor.username}/${task?.name ?? actor.name}`;
  if (!task) return { apiUrl, target, kind: "actor", options, input };
  return {
    apiUrl,
    target,
    kind: "task",
    options: changedOptions(options, storedOptions),
    input: isChanged ? input : null,
  };
}

/** A form that the user has not changed has no draft. */
function useDraftOf(
  input: JsonObject,
  options: RunOptions,
  source: string | null,
  onDraft: (draft: Draft | null) => void,
): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: each render has a new function
  useEffect(() => {
    if (source === null) onDraft({ input, options });
  }, [input, options, source]);
}

function useControlEnter(run: () => void): void {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const isOurs = event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.defaultPrevented;
      if (!isOurs || document.querySelector("[role=dialog]")) return;
      event.preventDefault();
      run();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  });
}
