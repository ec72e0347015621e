import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useId, useState } from "react";
import { body, dataOf, platform } from "@/api/client";
import { messageOf } from "@/api/errors";
import type { TaskRecord } from "@/api/tasks";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/Dialog";
import { Field, TextInput } from "@/ui/Field";
import { Section } from "@/ui/Page";
import { showToast } from "@/ui/toasts";
import styles from "./Tasks.module.css";

/** The names of a task, and deleting it. Its input and options are in the Start form. */
export function TaskSettings({ task }: { task: TaskRecord }) {
  const [isDeleting, setDeleting] = useState(false);
  return (
    <>
      <Section title="Names">
        <NamesForm key={String(task.modifiedAt)} task={task} />
      </Section>
      <Section title="Delete">
        <p className={styles.line}>
          Deletes the task. Its runs and their storages stay; schedules no longer start it.
          <Button variant="danger" onClick={() => setDeleting(true)}>
            Delete the task
          </Button>
        </p>
      </Section>
      {isDeleting && <DeleteDialog task={task} onClose={() => setDeleting(false)} />}
    </>
  );
}

function NamesForm({ task }: { task: TaskRecord }) {
  const id = useId();
  const queries = useQueryClient();
  const [name, setName] = useState(task.name);
  const [title, setTitle] = useState(task.title ?? "");
  const saving = useMutation({
    mutationFn: () =>
      dataOf(
        platform.PUT("/v2/actor-tasks/{actorTaskId}", {
          params: { path: { actorTaskId: task.id } },
          body: { name, title },
        }),
      ),
    onSuccess: () => {
      showToast({ kind: "done", text: "The names are saved." });
      void queries.invalidateQueries({ queryKey: ["task"] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    saving.mutate();
  };
  const isChanged = name !== task.name || title !== (task.title ?? "");
  return (
    <form className={styles.fields} onSubmit={submit}>
      <Field label="Name" htmlFor={`${id}-name`} error={saving.isError ? messageOf(saving.error) : null}>
        <TextInput
          id={`${id}-name`}
          isMono
          isInvalid={saving.isError}
          value={name}
          onChange={(event) => setName(event.target.value.trim())}
        />
      </Field>
      <Field label="Title" htmlFor={`${id}-title`}>
        <TextInput id={`${id}-title`} value={title} onChange={(event) => setTitle(event.target.value)} />
      </Field>
      <Button type="submit" variant="primary" disabled={!isChanged || name === ""} isPending={saving.isPending}>
        Save the names
      </Button>
    </form>
  );
}

function DeleteDialog({ task, onClose }: { task: TaskRecord; onClose: () => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const remove = async () => {
    await body(platform.DELETE("/v2/actor-tasks/{actorTaskId}", { params: { path: { actorTaskId: task.id } } }));
    void queries.invalidateQueries({ queryKey: ["task", "list"] });
    await navigate({ to: "/actors/tasks" });
  };
  return (
    <ConfirmDialog
      title={`Delete ${task.name}?`}
      description="Its stored input and options are deleted. This cannot be undone."
      action="Delete the task"
      isDangerous
      confirmation={task.name}
      onConfirm={remove}
      onClose={onClose}
    />
  );
}
