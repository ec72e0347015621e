import { useQuery } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useId, useState } from "react";
import { type ActorRecord, buildsQuery } from "@/api/actors";
import { messageOf } from "@/api/errors";
import { type Addressed, type StandbySettings, useSaveStandby } from "@/api/standby";
import { MEMORY_SIZES } from "@/start/options";
import { buildChoices } from "@/start/RunOptionsPanel";
import { Button } from "@/ui/Button";
import { ErrorNote } from "@/ui/ErrorNote";
import { Field, Select, Switch, TextInput } from "@/ui/Field";
import { showToast } from "@/ui/toasts";
import { changesOf, type Draft, draftOf, type Errors, errorsOf, type Setting, settingOf } from "./draft";
import styles from "./Standby.module.css";

type Props = {
  actor: ActorRecord;
  of: Addressed;
  /** The settings of the record itself. */
  own: StandbySettings | null | undefined;
  /** Of a task: the settings of its Actor, which apply where it has none. */
  inherited?: StandbySettings;
};

/** Changes the settings of an Actor or of a task. What the user has not changed follows the record. */
export function StandbySettingsForm({ actor, of, own, inherited }: Props) {
  const [changed, setChanged] = useState<Partial<Draft>>({});
  const saving = useSaveStandby(of);
  const stored = draftOf(own);
  const draft = { ...stored, ...changed };
  const changes = changesOf(draft, stored);
  const found = errorsOf(draft);
  const message = saving.error === null ? null : messageOf(saving.error);
  const rejected = message === null ? undefined : settingOf(message);
  const errors: Errors = rejected === undefined ? found : { [rejected]: message, ...found };
  const change = (more: Partial<Draft>) => setChanged({ ...changed, ...more });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    saving.mutate(changes, {
      onSuccess: () => {
        setChanged({});
        showToast({ kind: "done", text: "The settings are saved. They apply from the next request." });
      },
    });
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <Fields actor={actor} draft={draft} errors={errors} inherited={inherited} onChange={change} />
      {message !== null && rejected === undefined && <ErrorNote title={message} />}
      <div>
        <Button
          type="submit"
          variant="primary"
          needsServer
          disabled={Object.keys(changes).length === 0 || Object.keys(found).length > 0}
          isPending={saving.isPending}
        >
          Save the settings
        </Button>
      </div>
    </form>
  );
}

type Form = {
  draft: Draft;
  errors: Errors;
  inherited: StandbySettings | undefined;
  onChange: (changes: Partial<Draft>) => void;
};

function Fields({ actor, ...form }: Form & { actor: ActorRecord }) {
  const builds = useQuery(buildsQuery(actor.id)).data?.items ?? [];
  const { draft, inherited, onChange } = form;
  const isFixed = inherited?.disableStandbyFieldsOverride === true;
  return (
    <fieldset className={styles.fields} disabled={isFixed}>
      {isFixed && <p className={styles.wide}>The Actor does not let its tasks change these settings.</p>}
      <NumberField
        form={form}
        name="desiredRequestsPerActorRun"
        label="Desired requests per run"
        unit="requests"
        note="If all runs have more open requests, one more is started ahead."
      />
      <NumberField
        form={form}
        name="maxRequestsPerActorRun"
        label="Maximum requests per run"
        unit="requests"
        note="Further requests get another run."
      />
      <NumberField
        form={form}
        name="idleTimeoutSecs"
        label="Idle timeout"
        unit="seconds"
        note="A run without open requests for this time is stopped."
      />
      <ChoiceField form={form} name="memoryMbytes" label="Memory" choices={memoryChoices(draft.memoryMbytes)} />
      <ChoiceField
        form={form}
        name="build"
        label="Build"
        note="A new build of the tag replaces the runs of the old one."
        choices={buildChoices(actor, builds, draft.build || String(inherited?.build))}
      />
      <ChoiceField
        form={form}
        name="shouldPassActorInput"
        label="Input of the runs"
        choices={inputChoices(inherited)}
      />
      {inherited === undefined && (
        <div className={styles.wide}>
          <Switch
            label="Tasks cannot change these settings"
            checked={draft.disableStandbyFieldsOverride === "true"}
            onChange={(isFixed) => onChange({ disableStandbyFieldsOverride: String(isFixed) })}
          />
        </div>
      )}
    </fieldset>
  );
}

type FieldProps = { form: Form; name: Setting; label: string; note?: ReactNode };

function NumberField({ form, name, label, note, unit }: FieldProps & { unit: string }) {
  const id = useId();
  const error = form.errors[name];
  return (
    <Field label={label} htmlFor={id} note={note} error={error}>
      <TextInput
        id={id}
        inputMode="numeric"
        autoComplete="off"
        unit={unit}
        isInvalid={error !== undefined}
        value={form.draft[name]}
        placeholder={form.inherited === undefined ? "Default" : `As the Actor: ${form.inherited[name]}`}
        onChange={(event) => form.onChange({ [name]: event.target.value })}
      />
    </Field>
  );
}

type Choice = readonly [value: string, label: string];

function ChoiceField({ form, name, label, note, choices }: FieldProps & { choices: readonly Choice[] }) {
  const id = useId();
  const error = form.errors[name];
  return (
    <Field label={label} htmlFor={id} note={note} error={error}>
      <Select
        id={id}
        isInvalid={error !== undefined}
        value={form.draft[name]}
        options={form.inherited === undefined ? choices : [asActor(form.inherited[name], choices), ...choices]}
        onChange={(value) => form.onChange({ [name]: value })}
      />
    </Field>
  );
}

/** The choice of a task that follows its Actor. */
function asActor(value: StandbySettings[Setting], choices: readonly Choice[]): Choice {
  const [, label] = choices.find(([each]) => each === String(value)) ?? ["", String(value)];
  return ["", `As the Actor: ${label}`];
}

/** The sizes that a run can have, and the stored one, which a client may have set to another number. */
function memoryChoices(current: string): Choice[] {
  const sizes = new Set([...MEMORY_SIZES, ...(current === "" ? [] : [Number(current)])]);
  return [...sizes].sort((a, b) => a - b).map((size) => [String(size), `${size} MB`]);
}

function inputChoices(inherited: StandbySettings | undefined): Choice[] {
  const passed = inherited === undefined ? "Defaults of the input schema" : "Input of the task";
  return [
    ["false", "No input"],
    ["true", passed],
  ];
}
