import { Plus } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { messageOf } from "@/api/errors";
import { type Schedule, useSaveSchedule } from "@/api/schedules";
import { Button } from "@/ui/Button";
import { ErrorNote } from "@/ui/ErrorNote";
import { Checkbox, Field, Switch, TextInput } from "@/ui/Field";
import { showToast } from "@/ui/toasts";
import { ActionFields } from "./ActionFields";
import { type Draft, type DraftAction, errorsOf, fieldsOf, hasErrors, newAction } from "./draft";
import { NextTimes } from "./NextTimes";
import styles from "./Schedules.module.css";

const MAX_ACTIONS = 10;
const ZONES = Intl.supportedValuesOf("timeZone");

type Props = { id: string | null; initial: Draft; onSaved?: (schedule: Schedule) => void };

/** Creates a schedule, or changes a stored one. */
export function ScheduleForm({ id, initial, onSaved }: Props) {
  const [draft, setDraft] = useState(initial);
  const [isChecked, setChecked] = useState(false);
  const save = useSaveSchedule(id);
  const errors = errorsOf(draft);
  const change = (changes: Partial<Draft>) => setDraft({ ...draft, ...changes });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setChecked(true);
    if (hasErrors(errors)) return;
    save.mutate(fieldsOf(draft), {
      onSuccess: (schedule) => {
        showToast({ kind: "done", text: id === null ? "Created the schedule." : "Saved the schedule." });
        onSaved?.(schedule);
      },
    });
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <Times draft={draft} change={change} nameError={isChecked ? errors.name : undefined} />
      <Actions draft={draft} change={change} errors={isChecked ? errors.actions : {}} />
      {save.error && <ErrorNote title={messageOf(save.error)} />}
      <div>
        <Button type="submit" variant="primary" isPending={save.isPending}>
          {id === null ? "Create the schedule" : "Save"}
        </Button>
      </div>
    </form>
  );
}

type PartProps = { draft: Draft; change: (changes: Partial<Draft>) => void };

function Times({ draft, change, nameError }: PartProps & { nameError: string | undefined }) {
  const id = useId();
  return (
    <>
      <Field label="Name" htmlFor={`${id}-name`} error={nameError}>
        <TextInput
          id={`${id}-name`}
          value={draft.name}
          isInvalid={nameError !== undefined}
          onChange={(event) => change({ name: event.target.value })}
        />
      </Field>
      <div className={styles.pair}>
        <Field
          label="Cron expression"
          htmlFor={`${id}-cron`}
          note="5 or 6 fields, or @hourly, @daily, @weekly, @monthly"
        >
          <TextInput
            id={`${id}-cron`}
            isMono
            value={draft.cronExpression}
            onChange={(event) => change({ cronExpression: event.target.value })}
          />
        </Field>
        <Field label="Time zone" htmlFor={`${id}-zone`}>
          <TextInput
            id={`${id}-zone`}
            list={`${id}-zones`}
            value={draft.timezone}
            onChange={(event) => change({ timezone: event.target.value })}
          />
          <datalist id={`${id}-zones`}>
            {ZONES.map((zone) => (
              <option key={zone} value={zone} />
            ))}
          </datalist>
        </Field>
      </div>
      <NextTimes expression={draft.cronExpression} zone={draft.timezone} />
      <Switch label="On" checked={draft.isEnabled} onChange={(isEnabled) => change({ isEnabled })} />
      <Checkbox
        label="Skip a time while a run of this schedule is still running"
        checked={draft.isExclusive}
        onChange={(isExclusive) => change({ isExclusive })}
      />
    </>
  );
}

function Actions({ draft, change, errors }: PartProps & { errors: Record<string, string> }) {
  const replace = (key: string, changes: Partial<DraftAction>) =>
    change({ actions: draft.actions.map((each) => (each.key === key ? { ...each, ...changes } : each)) });
  return (
    <>
      {draft.actions.map((action, index) => (
        <ActionFields
          key={action.key}
          title={`Start ${index + 1}`}
          action={action}
          error={errors[action.key]}
          onChange={(changes) => replace(action.key, changes)}
          onRemove={() => change({ actions: draft.actions.filter((each) => each.key !== action.key) })}
        />
      ))}
      {draft.actions.length < MAX_ACTIONS * 2 && (
        <div>
          <Button icon={<Plus aria-hidden />} onClick={() => change({ actions: [...draft.actions, newAction()] })}>
            Add a start
          </Button>
        </div>
      )}
    </>
  );
}
