import { useId, useState } from "react";
import type { RunFilter } from "@/api/runs";
import { shortTime } from "@/format/times";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { Field, TextInput } from "@/ui/Field";
import { FilterChip } from "@/ui/FilterChip";
import { MenuItem, MenuSeparator } from "@/ui/Menu";
import type { Changes } from "./search";

export const PERIODS: Record<string, string> = {
  "1h": "the last hour",
  "24h": "the last 24 hours",
  "7d": "the last 7 days",
  "30d": "the last 30 days",
};

type Props = { filter: RunFilter; onChange: (changes: Changes) => void };

/** The filter by the time of the start: one of a few periods before now, or two times. */
export function StartedChip({ filter, onChange }: Props) {
  const [isAsking, setAsking] = useState(false);
  return (
    <>
      <FilterChip label="Started" value={startedText(filter)} onClear={() => onChange({ from: "", to: "" })}>
        {Object.entries(PERIODS).map(([from, label]) => (
          <MenuItem key={from} onSelect={() => onChange({ from, to: "" })}>
            In {label}
          </MenuItem>
        ))}
        <MenuSeparator />
        <MenuItem onSelect={() => setAsking(true)}>Between two times</MenuItem>
      </FilterChip>
      {isAsking && <TimesDialog filter={filter} onChange={onChange} onClose={() => setAsking(false)} />}
    </>
  );
}

/** The period of a filter in words; undefined without one. */
export function startedText({ from, to }: RunFilter): string | undefined {
  if (from === undefined && to === undefined) return undefined;
  if (from !== undefined && to === undefined && from in PERIODS) return `in ${PERIODS[from]}`;
  const text = (time: string) => (/^\d+[mhd]$/.test(time) ? `${time} ago` : shortTime(time));
  return [from && `after ${text(from)}`, to && `before ${text(to)}`].filter(Boolean).join(", ");
}

function TimesDialog({ filter, onChange, onClose }: Props & { onClose: () => void }) {
  const id = useId();
  const [from, setFrom] = useState(localInput(filter.from));
  const [to, setTo] = useState(localInput(filter.to));
  const isInvalid = from !== "" && to !== "" && from > to;
  const apply = () => {
    onChange({ from: instant(from), to: instant(to) });
    onClose();
  };
  const footer = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button variant="primary" disabled={isInvalid} onClick={apply}>
        Filter runs
      </Button>
    </>
  );
  return (
    <Dialog title="Filter by start" description="In the time zone of this browser." onClose={onClose} footer={footer}>
      <Field label="From" htmlFor={`${id}-from`}>
        <TextInput id={`${id}-from`} type="datetime-local" value={from} onChange={(e) => setFrom(e.target.value)} />
      </Field>
      <Field label="To" htmlFor={`${id}-to`} error={isInvalid ? "The end is before the beginning." : null}>
        <TextInput
          id={`${id}-to`}
          type="datetime-local"
          value={to}
          isInvalid={isInvalid}
          onChange={(e) => setTo(e.target.value)}
        />
      </Field>
    </Dialog>
  );
}

const MINUTE = 60_000;

/** A time as the native control writes it, in the zone of the browser; empty for none and for a relative one. */
function localInput(time: string | undefined): string {
  const millis = Date.parse(time ?? "");
  if (Number.isNaN(millis)) return "";
  return new Date(millis - new Date(millis).getTimezoneOffset() * MINUTE).toISOString().slice(0, 16);
}

function instant(local: string): string {
  return local === "" ? "" : new Date(local).toISOString();
}
