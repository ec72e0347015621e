import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { actorsQuery } from "@/api/actors";
import { tasksQuery } from "@/api/tasks";
import { Field, Select, TextInput } from "@/ui/Field";
import type { Draft, Target } from "./draft";
import styles from "./Webhooks.module.css";

const TARGETS = [
  ["actor", "Actor"],
  ["task", "Task"],
  ["run", "Run"],
] as const;

/** Whose events a webhook waits for: those of an Actor, a task or one run. */
export function TargetFields({ draft, change }: { draft: Draft; change: (changes: Partial<Draft>) => void }) {
  const id = useId();
  const actors = useQuery(actorsQuery).data?.items;
  const tasks = useQuery(tasksQuery).data?.items;
  const named = draft.target === "task" ? tasks : actors;
  const options: [string, string][] = [
    ["", "Choose one"],
    ...(named ?? []).map((each): [string, string] => [each.id, each.name]),
  ];
  if (draft.targetId && !options.some(([value]) => value === draft.targetId))
    options.push([draft.targetId, draft.targetId]);
  return (
    <div className={styles.pair}>
      <Field label="Of" htmlFor={`${id}-kind`}>
        <Select
          id={`${id}-kind`}
          value={draft.target}
          options={TARGETS}
          onChange={(target) => change({ target: target as Target, targetId: "" })}
        />
      </Field>
      <Field label={TARGETS.find(([value]) => value === draft.target)?.[1]} htmlFor={`${id}-id`}>
        {draft.target === "run" ? (
          <TextInput
            id={`${id}-id`}
            isMono
            placeholder="ID of a run"
            value={draft.targetId}
            onChange={(event) => change({ targetId: event.target.value.trim() })}
          />
        ) : (
          <Select
            id={`${id}-id`}
            value={draft.targetId}
            options={options}
            onChange={(targetId) => change({ targetId })}
          />
        )}
      </Field>
    </div>
  );
}
