import { type FormEvent, useId } from "react";
import { type LimitChanges, type Limits, useChangeLimits } from "@/api/account";
import { messageOf } from "@/api/errors";
import { Button } from "@/ui/Button";
import { ErrorNote } from "@/ui/ErrorNote";
import { Field, TextInput } from "@/ui/Field";
import { showToast } from "@/ui/toasts";
import styles from "./Server.module.css";

/** The two limits that users of the platform can change themselves. */
export function LimitsForm({ limits }: { limits: Limits }) {
  const id = useId();
  const change = useChangeLimits();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    change.mutate(changesOf(new FormData(event.currentTarget), limits), {
      onSuccess: () => showToast({ kind: "done", text: "Changed the limits." }),
    });
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <Field label="Usage per month" htmlFor={`${id}-usage`}>
        <TextInput
          id={`${id}-usage`}
          name="maxMonthlyUsageUsd"
          type="number"
          required
          min={0}
          step="any"
          unit="USD"
          defaultValue={limits.limits.maxMonthlyUsageUsd}
        />
      </Field>
      <Field label="Retention of runs and unnamed storages" htmlFor={`${id}-retention`}>
        <TextInput
          id={`${id}-retention`}
          name="dataRetentionDays"
          type="number"
          required
          min={1}
          step={1}
          unit="days"
          defaultValue={limits.limits.dataRetentionDays}
        />
      </Field>
      {change.error && <ErrorNote title={messageOf(change.error)} />}
      <div>
        <Button type="submit" isPending={change.isPending}>
          Change the limits
        </Button>
      </div>
    </form>
  );
}

/** Only what was changed: the server may reject the other limit. */
function changesOf(form: FormData, { limits }: Limits): LimitChanges {
  const changes: LimitChanges = {};
  for (const name of ["maxMonthlyUsageUsd", "dataRetentionDays"] as const) {
    const value = Number(form.get(name));
    if (value !== limits[name]) changes[name] = value;
  }
  return changes;
}
