import { useId, useState } from "react";
import { cores } from "@/format/numbers";
import { MEMORY_SIZES } from "@/start/options";
import { ConfirmDialog } from "@/ui/Dialog";
import { Field, Select } from "@/ui/Field";
import { useRunActions } from "../useRunActions";
import type { RunDialogProps } from "./props";

export function MemoryDialog({ run, onClose }: RunDialogProps) {
  const { startNow } = useRunActions(run);
  const [memory, setMemory] = useState(String(run.options.memoryMbytes));
  const id = useId();
  return (
    <ConfirmDialog
      title="Start again with other memory"
      description="The new run gets the same input, and a share of the CPU that grows with its memory."
      action="Start again"
      onClose={onClose}
      onConfirm={() => startNow({ memoryMbytes: Number(memory) })}
    >
      <Field label="Memory" htmlFor={id}>
        <Select
          id={id}
          value={memory}
          options={MEMORY_SIZES.map((size) => [String(size), `${size} MB, ${cores(size)}`] as const)}
          onChange={setMemory}
        />
      </Field>
    </ConfirmDialog>
  );
}
