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
    change.mutate(changesOf(new FormData(event.currentTarget)), {
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

function changesOf(form: FormData): LimitChanges {
  const number = (name: string) => Number(form.get(name));
  return { maxMonthlyUsageUsd: number("maxMonthlyUsageUsd"), dataRetentionDays: number("dataRetentionDays") };
}
