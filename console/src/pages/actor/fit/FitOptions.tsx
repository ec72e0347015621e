import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import type { ActorRecord } from "@/api/actors";
import type { Strategy } from "@/api/fits";
import { serverQuery } from "@/api/server";
import { plural } from "@/format/numbers";
import type { JsonObject } from "@/json/exact";
import { type InputSchema, maskedInput } from "@/schema-form/schema";
import { MEMORY_SIZES } from "@/start/options";
import { CommandLine } from "@/ui/CommandLine";
import { Checkbox, Field, FieldError, Select, TextInput } from "@/ui/Field";
import { Bar } from "@/ui/MemoryBar";
import { Segmented } from "@/ui/Segmented";
import styles from "./NewFit.module.css";
import { commandOf, type Draft, type DraftErrors, memoryAtOnce, runsOf, STRATEGIES } from "./order";

type Props = {
  actor: ActorRecord;
  draft: Draft;
  possible: number[];
  /** How many inputs are measured, and the one of the form. */
  inputs: number;
  input: JsonObject | null;
  schema: InputSchema | null;
  errors: DraftErrors;
  onChange: (changes: Partial<Draft>) => void;
};

export function FitOptions(props: Props) {
  const { actor, draft, inputs, input, schema, possible } = props;
  const shown = input && maskedInput(schema, input);
  return (
    <>
      <Sizes {...props} />
      <Numbers {...props} />
      <Plan draft={draft} inputs={inputs} possible={possible} />
      <CommandLine command={commandOf(actor.name, draft, shown)} copied={commandOf(actor.name, draft, input)} />
    </>
  );
}

function Sizes({ draft, possible, errors, onChange }: Props) {
  const toggle = (size: number, isChecked: boolean) =>
    onChange({
      sizes: MEMORY_SIZES.filter((each) => (each === size ? isChecked : draft.sizes.includes(each))),
    });
  return (
    <div className={styles.part}>
      <Segmented
        label="Which sizes"
        value={draft.searches ? "search" : "sizes"}
        segments={[
          { value: "sizes", label: "Measure these sizes" },
          { value: "search", label: "Search for the size" },
        ]}
        onChange={(value) => onChange({ searches: value === "search" })}
      />
      {draft.searches ? (
        <p className={styles.note}>
          The search begins at the default memory and narrows down the size that the strategy wants. It needs the fewest
          runs.
        </p>
      ) : (
        <fieldset className={styles.sizes}>
          <legend className="visually-hidden">Memory sizes in MB</legend>
          {MEMORY_SIZES.map((size) => (
            <Checkbox
              key={size}
              label={`${size} MB`}
              checked={draft.sizes.includes(size)}
              disabled={!possible.includes(size)}
              {...(possible.includes(size) ? {} : { className: styles.impossible ?? "" })}
              onChange={(isChecked) => toggle(size, isChecked)}
            />
          ))}
        </fieldset>
      )}
      {!draft.searches && possible.length < MEMORY_SIZES.length && (
        <p className={styles.note}>
          {possible.length === 0 ? "No size is" : `Sizes above ${possible.at(-1)} MB are not`} possible now: the free
          memory of this machine and your limit do not allow them.
        </p>
      )}
      {errors.sizes && <FieldError id="sizes-error">{errors.sizes}</FieldError>}
    </div>
  );
}

function Numbers({ draft, errors, onChange }: Props) {
  const id = useId();
  const number = (name: Exclude<keyof DraftErrors, "sizes">, label: string, unit: string, note: string) => (
    <Field label={label} htmlFor={`${id}-${name}`} note={note} error={errors[name]}>
      <TextInput
        id={`${id}-${name}`}
        inputMode="decimal"
        unit={unit}
        value={draft[name]}
        isInvalid={errors[name] !== undefined}
        onChange={(event) => onChange({ [name]: event.target.value })}
      />
    </Field>
  );
  return (
    <div className={styles.grid}>
      {number("repeat", "Repeats", "runs", "At each size; more are more reliable")}
      {number("parallel", "At the same time", "runs", "Faster, but the runs slow each other down")}
      <div className={styles.whole}>
        <Field label="Strategy" htmlFor={`${id}-strategy`} note="Only sizes that fit every run are recommended">
          <Select
            id={`${id}-strategy`}
            value={draft.strategy}
            options={STRATEGIES}
            onChange={(strategy) => onChange({ strategy: strategy as Strategy })}
          />
        </Field>
      </div>
      {number("budgetMinutes", "Time budget", "min", "Empty for no limit")}
      {number("budgetUsd", "Cost budget", "USD", "Empty for no limit; estimated")}
    </div>
  );
}

/** How many runs follow, and how much memory they need together. */
function Plan({ draft, inputs, possible }: { draft: Draft; inputs: number; possible: number[] }) {
  const memory = useQuery(serverQuery).data?.memory;
  const runs = runsOf(draft, inputs);
  const needed = memoryAtOnce(draft, inputs, possible);
  const free = memory ? memory.limitMbytes - memory.usedMbytes : null;
  const isTooMuch = free !== null && needed > free;
  return (
    <div className={styles.plan}>
      <p>
        {runs === null
          ? "As many runs as the search needs, then the proof."
          : `At most ${plural(runs, "run")}, then the proof. The first run that does not fit ends the repeats of its size.`}
      </p>
      <p className={styles.memory}>
        <span>
          Memory at the same time:{" "}
          <b>
            {draft.searches ? "up to " : ""}
            {needed} MB
          </b>
          {free !== null && ` of ${free} MB that you may use`}
        </span>
        <Bar share={free === null || free <= 0 ? null : needed / free} isAtLimit={isTooMuch} />
      </p>
      {isTooMuch && (
        <p className={styles.note}>
          Greenroom makes fewer runs at the same time if their memory does not suffice, and waits for other runs.
        </p>
      )}
    </div>
  );
}
