import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useId, useState } from "react";
import type { ActorRecord } from "@/api/actors";
import { dataOf, platform } from "@/api/client";
import { messageOf } from "@/api/errors";
import type { JsonObject } from "@/json/exact";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field, TextInput } from "@/ui/Field";
import { showToast } from "@/ui/toasts";
import { type RunOptions, taskOptionsOf } from "./options";

type Props = { actor: ActorRecord; input: JsonObject; options: RunOptions; onClose: () => void };

/** Stores the input and the options as a task. */
export function SaveTaskDialog({ actor, input, options, onClose }: Props) {
  const id = useId();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [name, setName] = useState(`${actor.name}-task`.slice(0, 63));
  const saving = useMutation({
    mutationFn: () =>
      dataOf(
        platform.POST("/v2/actor-tasks", { body: { actId: actor.id, name, options: taskOptionsOf(options), input } }),
      ),
    onSuccess: (task) => {
      void queries.invalidateQueries({ queryKey: ["task", "list"] });
      const open = () => void navigate({ to: "/actors/tasks/$taskId", params: { taskId: task.id } });
      showToast({ kind: "done", text: `The task ${name} is saved.`, action: { label: "Open", run: open } });
      onClose();
    },
  });
  const footer = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button
        variant="primary"
        needsServer
        isPending={saving.isPending}
        disabled={name === ""}
        onClick={() => saving.mutate()}
      >
        Save as a task
      </Button>
    </>
  );
  return (
    <Dialog
      title="Save as a task"
      description="A task stores this input and these options to use again."
      onClose={onClose}
      footer={footer}
    >
      <Field label="Name" htmlFor={id} error={saving.isError ? messageOf(saving.error) : null}>
        <TextInput
          id={id}
          isMono
          isInvalid={saving.isError}
          autoComplete="off"
          value={name}
          onChange={(event) => setName(event.target.value.trim())}
        />
      </Field>
    </Dialog>
  );
}
