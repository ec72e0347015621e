import { type FormEvent, useId, useState } from "react";
import { messageOf } from "@/api/errors";
import { BUILD_EVENTS, eventLabel, RUN_EVENTS, useSaveWebhook, type Webhook } from "@/api/webhooks";
import { CodeEditor } from "@/editor/CodeEditor";
import { Button } from "@/ui/Button";
import { ErrorNote } from "@/ui/ErrorNote";
import { Checkbox, Field, TextInput } from "@/ui/Field";
import { showToast } from "@/ui/toasts";
import { type Draft, fieldsOf } from "./draft";
import { TargetFields } from "./TargetFields";
import styles from "./Webhooks.module.css";

type Props = { id: string | null; initial: Draft; onSaved?: (webhook: Webhook) => void };

/** Creates a webhook, or changes a stored one. */
export function WebhookForm({ id, initial, onSaved }: Props) {
  const [draft, setDraft] = useState(initial);
  const save = useSaveWebhook(id);
  const change = (changes: Partial<Draft>) => setDraft({ ...draft, ...changes });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(fieldsOf(draft), {
      onSuccess: (webhook) => {
        showToast({ kind: "done", text: id === null ? "Created the webhook." : "Saved the webhook." });
        onSaved?.(webhook);
      },
    });
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <Target draft={draft} change={change} />
      <Events draft={draft} change={change} />
      <Request draft={draft} change={change} />
      {save.error && <ErrorNote title={messageOf(save.error)} />}
      <div>
        <Button type="submit" variant="primary" isPending={save.isPending}>
          {id === null ? "Create the webhook" : "Save"}
        </Button>
      </div>
    </form>
  );
}

type PartProps = { draft: Draft; change: (changes: Partial<Draft>) => void };

function Target({ draft, change }: PartProps) {
  const id = useId();
  return (
    <>
      <Field
        label="URL"
        htmlFor={`${id}-url`}
        note="Gets a POST request from this server, so localhost is the machine of the server."
      >
        <TextInput
          id={`${id}-url`}
          type="url"
          isMono
          required
          value={draft.requestUrl}
          onChange={(event) => change({ requestUrl: event.target.value })}
        />
      </Field>
      <Field label="Description" htmlFor={`${id}-description`}>
        <TextInput
          id={`${id}-description`}
          value={draft.description}
          onChange={(event) => change({ description: event.target.value })}
        />
      </Field>
      <TargetFields draft={draft} change={change} />
    </>
  );
}

function Events({ draft, change }: PartProps) {
  const toggle = (event: string, isOn: boolean) =>
    change({ eventTypes: isOn ? [...draft.eventTypes, event] : draft.eventTypes.filter((each) => each !== event) });
  return (
    <fieldset className={styles.events}>
      <legend>Events</legend>
      {[...RUN_EVENTS, ...BUILD_EVENTS].map((event) => (
        <Checkbox
          key={event}
          label={eventLabel(event)}
          checked={draft.eventTypes.includes(event)}
          onChange={(isOn) => toggle(event, isOn)}
        />
      ))}
    </fieldset>
  );
}

function Request({ draft, change }: PartProps) {
  const id = useId();
  return (
    <>
      <Field
        label="Payload template"
        htmlFor={`${id}-payload`}
        note="JSON with variables such as {{eventData}} and {{resource}}; empty for the default payload"
      >
        <CodeEditor
          id={`${id}-payload`}
          label="Payload template"
          language="text"
          minHeight={96}
          value={draft.payloadTemplate}
          onChange={(payloadTemplate) => change({ payloadTemplate })}
        />
      </Field>
      <Field label="Headers template" htmlFor={`${id}-headers`} note="A JSON object; it may use the same variables">
        <CodeEditor
          id={`${id}-headers`}
          label="Headers template"
          language="text"
          minHeight={48}
          value={draft.headersTemplate}
          onChange={(headersTemplate) => change({ headersTemplate })}
        />
      </Field>
      <Checkbox
        label="Replace variables inside strings too"
        checked={draft.shouldInterpolateStrings}
        onChange={(shouldInterpolateStrings) => change({ shouldInterpolateStrings })}
      />
      <Checkbox
        label="Accept invalid certificates"
        checked={draft.ignoreSslErrors}
        onChange={(ignoreSslErrors) => change({ ignoreSslErrors })}
      />
      <Checkbox
        label="Send each event only once, also if the call fails"
        checked={draft.doNotRetry}
        onChange={(doNotRetry) => change({ doNotRetry })}
      />
    </>
  );
}
