import { useId, useState } from "react";
import { metamorphRun } from "@/api/runOrders";
import { ConfirmDialog } from "@/ui/Dialog";
import { Field, TextInput } from "@/ui/Field";
import { useRunActions } from "../useRunActions";
import styles from "./MetamorphDialog.module.css";
import type { RunDialogProps } from "./props";

/** Turn the run into one of another Actor, with an input of its own. */
export function MetamorphDialog({ run, onClose }: RunDialogProps) {
  const { order } = useRunActions(run);
  const [actor, setActor] = useState("");
  const [build, setBuild] = useState("");
  const [input, setInput] = useState("{}");
  const id = useId();
  const metamorph = async () => {
    if (actor.trim() === "") throw new Error("Enter the name or ID of an Actor.");
    JSON.parse(input);
    await order("metamorph", null, () => metamorphRun(run.id, actor.trim(), build.trim(), input));
  };
  return (
    <ConfirmDialog
      title="Metamorph the run"
      description="The run continues as another Actor, in a new container, with the same ID and storages."
      action="Metamorph the run"
      onClose={onClose}
      onConfirm={metamorph}
    >
      <Field label="Actor" htmlFor={`${id}-actor`} note="Its ID, or username/name.">
        <TextInput id={`${id}-actor`} value={actor} onChange={(event) => setActor(event.target.value)} />
      </Field>
      <Field label="Build" htmlFor={`${id}-build`} note="A tag or a number. The default build of the Actor if empty.">
        <TextInput id={`${id}-build`} value={build} onChange={(event) => setBuild(event.target.value)} />
      </Field>
      <Field label="Input" htmlFor={`${id}-input`} note="JSON.">
        <textarea
          id={`${id}-input`}
          className={styles.input}
          rows={6}
          spellCheck={false}
          value={input}
          onChange={(event) => setInput(event.target.value)}
        />
      </Field>
    </ConfirmDialog>
  );
}
