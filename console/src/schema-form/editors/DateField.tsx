import { Select, TextInput } from "@/ui/Field";
import { Segmented } from "@/ui/Segmented";
import { type DateDraft, formatDate, parseDate, UNITS, type Unit } from "../values/dates";
import { type Parsed, useDraft } from "../values/draft";
import styles from "./editors.module.css";
import { controlProps } from "./texts";
import type { EditorProps } from "./types";

/** A day, or a span of time before the run. */
export function DateField(props: EditorProps) {
  const { dateType } = props.field;
  const [draft, setDraft] = useDraft<DateDraft>({
    ...props,
    format: (value) => formatDate(value, dateType),
    parse: (next): Parsed => parseDate(next),
  });
  return (
    <div className={styles.line}>
      <DateControl {...props} draft={draft} setDraft={setDraft} />
      {dateType === "absoluteOrRelative" && (
        <Segmented
          label={`Kind of ${props.label}`}
          segments={[
            { value: "absolute", label: "Absolute" },
            { value: "relative", label: "Relative" },
          ]}
          value={draft.kind === "relative" ? "relative" : "absolute"}
          onChange={(kind) =>
            setDraft(kind === "absolute" ? { kind, date: "" } : { kind: "relative", amount: "", unit: "day" })
          }
        />
      )}
    </div>
  );
}

type ControlProps = EditorProps & { draft: DateDraft; setDraft: (draft: DateDraft) => void };

function DateControl({ draft, setDraft, ...props }: ControlProps) {
  const control = controlProps(props);
  if (draft.kind === "text") {
    return (
      <TextInput
        {...control}
        value={draft.text}
        onChange={(event) => setDraft(editedText(event.target.value, props))}
      />
    );
  }
  if (draft.kind === "absolute") {
    return (
      <TextInput
        {...control}
        type="date"
        className={styles.date}
        value={draft.date}
        onChange={(event) => setDraft({ kind: "absolute", date: event.target.value })}
      />
    );
  }
  return (
    <span className={styles.pair}>
      <TextInput
        {...control}
        inputMode="numeric"
        value={draft.amount}
        placeholder="3"
        aria-label={`${props.label}: how many`}
        onChange={(event) => setDraft({ ...draft, amount: event.target.value })}
      />
      <Select
        aria-label={`${props.label}: unit`}
        disabled={props.isDisabled}
        value={draft.unit}
        options={UNITS.map((unit) => [unit, `${unit}s`] as const)}
        onChange={(unit) => setDraft({ ...draft, unit: unit as Unit })}
      />
    </span>
  );
}

/** A cleared text returns to the kind of the schema. */
function editedText(text: string, { field }: EditorProps): DateDraft {
  return text === "" ? formatDate(undefined, field.dateType) : { kind: "text", text };
}
