import { useId, useState } from "react";
import { cores } from "@/format/numbers";
import { MEMORY_SIZES } from "@/start/options";
import { ConfirmDialog } from "@/ui/Dialog";
import { Field, Select, TextInput } from "@/ui/Field";
import { useRunActions } from "../useRunActions";
import type { RunDialogProps } from "./props";

/** Let the run continue with its storages, with other options if wanted. Only changed options are sent. */
export function ResurrectDialog({ run, onClose }: RunDialogProps) {
  const { resurrectNow } = useRunActions(run);
  const [build, setBuild] = useState("");
  const [memory, setMemory] = useState("");
  const [timeout, setTimeoutSecs] = useState("");
  const id = useId();
  const resurrect = () =>
    resurrectNow({
      ...(build === "" ? {} : { build }),
      ...(memory === "" ? {} : { memoryMbytes: Number(memory) }),
      ...(timeout === "" ? {} : { timeoutSecs: Number(timeout) }),
    });
  const { memoryMbytes, timeoutSecs } = run.options;
  return (
    <ConfirmDialog
      title="Resurrect the run"
      description="The run continues with its ID, its storages and its log. Empty fields stay as they are."
      action="Resurrect the run"
      onClose={onClose}
      onConfirm={resurrect}
    >
      <Field label="Build" htmlFor={`${id}-build`} note="A tag or a number.">
        <TextInput
          id={`${id}-build`}
          value={build}
          placeholder={run.buildNumber ?? ""}
          onChange={(event) => setBuild(event.target.value)}
        />
      </Field>
      <Field label="Memory" htmlFor={`${id}-memory`}>
        <Select
          id={`${id}-memory`}
          value={memory}
          options={[
            ["", `${memoryMbytes} MB, as before`],
            ...MEMORY_SIZES.map((size) => [String(size), `${size} MB, ${cores(size)}`] as const),
          ]}
          onChange={setMemory}
        />
      </Field>
      <Field label="Timeout" htmlFor={`${id}-timeout`} note="0 means no timeout.">
        <TextInput
          id={`${id}-timeout`}
          type="number"
          min={0}
          unit="s"
          value={timeout}
          placeholder={String(timeoutSecs ?? 0)}
          onChange={(event) => setTimeoutSecs(event.target.value)}
        />
      </Field>
    </ConfirmDialog>
  );
}
