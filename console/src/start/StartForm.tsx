import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type ActorRecord, buildIdOf, buildQuery, buildsQuery } from "@/api/actors";
import type { TaskRecord } from "@/api/tasks";
import { initialInput, inputSchemaOf } from "@/schema-form/schema";
import { sourceOf } from "@/schema-form/useInputForm";
import { QueryError } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { type Draft, draftOf, rememberDraft } from "./drafts";
import { LoadedStartForm } from "./LoadedStartForm";
import { NoBuild } from "./NoBuild";
import { defaultsOf, optionsOfTask, type RunOptions } from "./options";

type Props = {
  actor: ActorRecord;
  /** With a task, the form shows and changes its stored input and options. */
  task?: TaskRecord;
  /** What to begin with instead of the schema's prefill, such as the input of an earlier run. */
  first?: Draft & { source: string };
};

/** The form that starts a run of an Actor or a task. What the user entered stays until the page is loaded again. */
export function StartForm({ actor, task, first }: Props) {
  const [begun] = useState(() => first ?? storedDraft(actor, task));
  const [options, setOptions] = useState<RunOptions>(() => begun?.options ?? storedOptions(task));
  const builds = useQuery(buildsQuery(actor.id));
  const tag = options.build ?? defaultsOf(actor.defaultRunOptions, null, undefined).build;
  const buildId = builds.data ? buildIdOf(actor, builds.data.items, tag) : null;
  const build = useQuery({ ...buildQuery(buildId ?? ""), enabled: buildId !== null });
  if (builds.isError && !builds.data) return <QueryError error={builds.error} refetch={builds.refetch} />;
  if (build.isError && !build.data) return <QueryError error={build.error} refetch={build.refetch} />;
  if (builds.data && buildId === null) return <NoBuild actor={actor} tag={tag} />;
  if (!builds.data || !build.data) return <Skeleton lines={6} height={32} />;
  const schema = inputSchemaOf(build.data);
  const input = begun?.input ?? task?.input ?? initialInput(schema);
  return (
    <LoadedStartForm
      // Another build may have another schema. The draft carries the input over.
      key={`${build.data.id}-${task?.id ?? ""}`}
      actor={actor}
      {...(task ? { task } : {})}
      builds={builds.data.items}
      build={build.data}
      schema={schema}
      first={draftOf(draftKey(actor, task))?.input ?? input}
      source={begun?.source ?? (task ? "The stored input of the task" : sourceOf(schema))}
      options={options}
      onOptions={setOptions}
      onDraft={(draft) => rememberDraft(draftKey(actor, task), draft)}
    />
  );
}

function storedDraft(actor: ActorRecord, task: TaskRecord | undefined): (Draft & { source: string }) | undefined {
  const draft = draftOf(draftKey(actor, task));
  return draft && { ...draft, source: "Your changes of before" };
}

function storedOptions(task: TaskRecord | undefined): RunOptions {
  return task?.options ? optionsOfTask(task.options) : {};
}

function draftKey(actor: ActorRecord, task: TaskRecord | undefined): string {
  return task?.id ?? actor.id;
}
