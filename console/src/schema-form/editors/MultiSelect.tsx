import { X } from "lucide-react";
import { type KeyboardEvent, useState } from "react";
import styles from "./MultiSelect.module.css";

export type Option = { value: string; title: string; note?: string };

type Props = {
  id: string;
  label: string;
  options: Option[];
  chosen: string[];
  /** What the empty input shows, such as "Add a field". */
  prompt: string;
  /** Whether a text that is not an option is accepted too. */
  acceptsOthers?: boolean;
  /** How many values can be chosen. */
  most?: number;
  isInvalid: boolean;
  isDisabled: boolean;
  describedBy: string | undefined;
  onChosen: (values: string[]) => void;
};

/** The chosen values as chips, and an input that finds further ones. */
export function MultiSelect(props: Props) {
  const { id, label, options, chosen, most, isInvalid, isDisabled, describedBy, onChosen } = props;
  const [text, setText] = useState("");
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const found = foundOptions(props, text);
  const isFull = most !== undefined && chosen.length >= most;
  const add = (value: string | undefined) => {
    if (value === undefined || value === "" || isFull) return;
    onChosen([...chosen, value]);
    setText("");
    setActive(0);
    if (most === 1) setOpen(false);
  };
  const remove = (value: string) => onChosen(chosen.filter((each) => each !== value));
  const press = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setOpen(true);
      const step = event.key === "ArrowDown" ? 1 : -1;
      setActive((active + step + Math.max(1, found.length)) % Math.max(1, found.length));
    } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && isOpen) {
      event.preventDefault();
      add(found[active]?.value);
    } else if (event.key === "Escape") setOpen(false);
    else if (event.key === "Backspace" && text === "") onChosen(chosen.slice(0, -1));
  };
  return (
    <div className={styles.place}>
      <div className={styles.box} data-invalid={isInvalid} data-disabled={isDisabled}>
        {chosen.map((value) => (
          <Chip key={value} title={titleOf(options, value)} isDisabled={isDisabled} onRemove={() => remove(value)} />
        ))}
        {!isFull && (
          <input
            id={id}
            role="combobox"
            aria-expanded={isOpen && found.length > 0}
            aria-controls={`${id}-list`}
            aria-autocomplete="list"
            {...(isOpen && found.length > 0 ? { "aria-activedescendant": `${id}-${active}` } : {})}
            aria-label={label}
            aria-invalid={isInvalid || undefined}
            aria-describedby={describedBy}
            autoComplete="off"
            disabled={isDisabled}
            value={text}
            placeholder={props.prompt}
            className={styles.input}
            onFocus={() => setOpen(true)}
            onBlur={() => setOpen(false)}
            onChange={(event) => {
              setText(event.target.value);
              setActive(0);
              setOpen(true);
            }}
            onKeyDown={press}
          />
        )}
      </div>
      {isOpen && found.length > 0 && <List id={id} label={label} options={found} active={active} onChoose={add} />}
    </div>
  );
}

function Chip({ title, isDisabled, onRemove }: { title: string; isDisabled: boolean; onRemove: () => void }) {
  return (
    <span className={styles.chip}>
      {title}
      <button type="button" disabled={isDisabled} aria-label={`Remove ${title}`} onClick={onRemove}>
        <X aria-hidden />
      </button>
    </span>
  );
}

type ListProps = { id: string; label: string; options: Option[]; active: number; onChoose: (value: string) => void };

/** The pointer must not take the focus, since the list closes without it. */
function List({ id, label, options, active, onChoose }: ListProps) {
  return (
    <div id={`${id}-list`} role="listbox" aria-label={label} tabIndex={-1} className={styles.list}>
      {options.map(({ value, title, note }, index) => (
        // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the input, which names the active option
        // biome-ignore lint/a11y/useKeyWithClickEvents: the input has the keys
        <div
          key={value}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === active}
          className={styles.option}
          ref={(element) => {
            if (index === active) element?.scrollIntoView({ block: "nearest" });
          }}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => onChoose(value)}
        >
          {title}
          {note && <span className={styles.note}>{note}</span>}
        </div>
      ))}
    </div>
  );
}

function titleOf(options: Option[], value: string): string {
  return options.find((each) => each.value === value)?.title ?? value;
}

function foundOptions({ options, chosen, acceptsOthers }: Props, text: string): Option[] {
  const words = text.trim().toLowerCase();
  const rest = options.filter(({ value }) => !chosen.includes(value));
  const found = rest.filter(({ value, title }) => `${title} ${value}`.toLowerCase().includes(words));
  const isOther =
    acceptsOthers && words !== "" && ![...options.map(({ value }) => value), ...chosen].includes(text.trim());
  return isOther ? [...found, { value: text.trim(), title: `Use “${text.trim()}”` }] : found;
}
