import { Plus, Trash2 } from "lucide-react";
import { useId, useState } from "react";
import { eventLabel, RUN_EVENTS } from "@/api/webhooks";
import { Button, IconButton } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Checkbox, Field, TextInput } from "@/ui/Field";
import type { AdHocWebhook } from "./options";
import styles from "./WebhooksDialog.module.css";

const NEW: AdHocWebhook = {
  eventTypes: ["ACTOR.RUN.SUCCEEDED", "ACTOR.RUN.FAILED", "ACTOR.RUN.TIMED_OUT", "ACTOR.RUN.ABORTED"],
  requestUrl: "",
};

type Props = { webhooks: AdHocWebhook[]; onSave: (webhooks: AdHocWebhook[]) => void; onClose: () => void };

/** The webhooks of one run. */
export function WebhooksDialog({ webhooks, onSave, onClose }: Props) {
  const [rows, setRows] = useState(() => (webhooks.length === 0 ? [NEW] : webhooks));
  const filled = rows.filter(({ requestUrl }) => requestUrl.trim() !== "");
  const isValid = filled.every(isUsable);
  const save = () => {
    onSave(filled.map((row) => ({ ...row, requestUrl: row.requestUrl.trim() })));
    onClose();
  };
  const footer = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button variant="primary" disabled={!isValid} onClick={save}>
        Set webhooks
      </Button>
    </>
  );
  return (
    <Dialog
      title="Set webhooks of the run"
      description="A webhook calls a URL when this run changes its status."
      onClose={onClose}
      footer={footer}
    >
      {rows.map((row, index) => (
        <WebhookFields
          // biome-ignore lint/suspicious/noArrayIndexKey: the rows have no identity
          key={index}
          webhook={row}
          onChange={(next) => setRows(rows.map((each, position) => (position === index ? next : each)))}
          onRemove={() => setRows(rows.filter((_, position) => position !== index))}
        />
      ))}
      <Button small icon={<Plus aria-hidden />} className={styles.add ?? ""} onClick={() => setRows([...rows, NEW])}>
        Add a webhook
      </Button>
    </Dialog>
  );
}

type FieldsProps = { webhook: AdHocWebhook; onChange: (webhook: AdHocWebhook) => void; onRemove: () => void };

function WebhookFields({ webhook, onChange, onRemove }: FieldsProps) {
  const id = useId();
  const { eventTypes, requestUrl, payloadTemplate } = webhook;
  const isWrong = requestUrl.trim() !== "" && !isUrl(requestUrl);
  const toggle = (event: string, isOn: boolean) =>
    onChange({ ...webhook, eventTypes: isOn ? [...eventTypes, event] : eventTypes.filter((each) => each !== event) });
  const setTemplate = (text: string) => {
    const { payloadTemplate: _, ...others } = webhook;
    onChange(text === "" ? others : { ...others, payloadTemplate: text });
  };
  return (
    <fieldset className={styles.webhook}>
      <Field
        label="URL"
        htmlFor={`${id}-url`}
        error={isWrong ? "Write a URL that begins with http:// or https://." : null}
      >
        <span className={styles.line}>
          <TextInput
            id={`${id}-url`}
            isMono
            isInvalid={isWrong}
            className={styles.grows ?? ""}
            value={requestUrl}
            placeholder="https://example.com/hook"
            onChange={(event) => onChange({ ...webhook, requestUrl: event.target.value })}
          />
          <IconButton variant="quiet" label="Remove the webhook" icon={<Trash2 aria-hidden />} onClick={onRemove} />
        </span>
      </Field>
      <div className={styles.events}>
        {RUN_EVENTS.map((event) => (
          <Checkbox
            key={event}
            label={eventLabel(event)}
            checked={eventTypes.includes(event)}
            onChange={(isOn) => toggle(event, isOn)}
          />
        ))}
      </div>
      <Field
        label="Payload template"
        htmlFor={`${id}-payload`}
        note="Without one, the payload names the event and the run."
      >
        <TextInput
          id={`${id}-payload`}
          isMono
          value={payloadTemplate ?? ""}
          placeholder={'{"run": {{resource}}}'}
          onChange={(event) => setTemplate(event.target.value)}
        />
      </Field>
    </fieldset>
  );
}

function isUsable({ eventTypes, requestUrl }: AdHocWebhook): boolean {
  return eventTypes.length > 0 && isUrl(requestUrl);
}

function isUrl(text: string): boolean {
  return URL.canParse(text.trim()) && /^https?:/i.test(text.trim());
}
