import { useQuery } from "@tanstack/react-query";
import { Gauge, Webhook } from "lucide-react";
import { useId, useState } from "react";
import { type Usage, usageQuery } from "@/api/account";
import { type ActorRecord, type BuildInList, type BuildRecord, lastRunsQuery } from "@/api/actors";
import { serverQuery } from "@/api/server";
import { plural } from "@/format/numbers";
import { Button } from "@/ui/Button";
import { Field, Select, Switch, TextInput } from "@/ui/Field";
import { MemorySlider } from "./MemorySlider";
import { type Defaults, memoryLimitsOf, type PermissionLevel, parseAmount, type RunOptions } from "./options";
import { grantSentence, peaksSentence } from "./peaks";
import styles from "./RunOptionsPanel.module.css";
import { WebhooksDialog } from "./WebhooksDialog";

const HINT_RUNS = 5;

type Props = {
  actor: ActorRecord;
  builds: readonly BuildInList[];
  build: BuildRecord | undefined;
  defaults: Defaults;
  options: RunOptions;
  /** A task stores no permissions. */
  hasPermissions: boolean;
  onChange: (changes: Partial<RunOptions>) => void;
};

/** What a run gets: memory, build, timeout, limits and permissions. */
export function RunOptionsPanel(props: Props) {
  const { actor, builds, build, defaults, options, hasPermissions, onChange } = props;
  const price = useQuery({ ...usageQuery, select: computePrice }).data ?? null;
  const id = useId();
  const memory = options.memoryMbytes ?? defaults.memoryMbytes;
  const buildOptions = buildChoices(actor, builds, options.build ?? defaults.build);
  return (
    <div className={styles.panel}>
      <MemorySlider
        value={memory}
        note={defaults.memoryOrigin}
        usdPerUnit={price}
        onChange={(memoryMbytes) => onChange({ memoryMbytes })}
      />
      <MemoryHints actorId={actor.id} build={build} memory={memory} />
      <div className={styles.grid}>
        <Field label="Build" htmlFor={`${id}-build`}>
          <Select
            id={`${id}-build`}
            value={options.build ?? defaults.build}
            options={buildOptions}
            onChange={(chosen) => onChange({ build: chosen === defaults.build ? undefined : chosen })}
          />
        </Field>
        <AmountField
          label="Timeout"
          unit="seconds"
          placeholder={defaults.timeoutSecs === 0 ? "No timeout" : String(defaults.timeoutSecs)}
          isWhole
          value={options.timeoutSecs}
          onChange={(timeoutSecs) => onChange({ timeoutSecs })}
        />
        <AmountField
          label="Maximum charge"
          unit="USD"
          placeholder="No limit"
          value={options.maxTotalChargeUsd}
          onChange={(maxTotalChargeUsd) => onChange({ maxTotalChargeUsd })}
        />
        {hasPermissions && (
          <Field label="Permissions" htmlFor={`${id}-permissions`}>
            <Select
              id={`${id}-permissions`}
              value={options.permissionLevel ?? defaults.permissionLevel}
              options={PERMISSIONS}
              onChange={(level) =>
                onChange({
                  permissionLevel: level === defaults.permissionLevel ? undefined : (level as PermissionLevel),
                })
              }
            />
          </Field>
        )}
      </div>
      <div className={styles.line}>
        <Switch
          label="Restart on error"
          checked={options.restartOnError ?? defaults.restartOnError}
          onChange={(isOn) => onChange({ restartOnError: isOn === defaults.restartOnError ? undefined : isOn })}
        />
        <Webhooks options={options} onChange={onChange} />
      </div>
    </div>
  );
}

export const PERMISSIONS = [
  ["LIMITED_PERMISSIONS", "Limited"],
  ["FULL_PERMISSIONS", "Full"],
] as const;

type HintProps = { actorId: string; build: BuildRecord | undefined; memory: number | null };

/** What earlier runs needed, and what can still be granted. */
function MemoryHints({ actorId, build, memory }: HintProps) {
  const runs = useQuery(lastRunsQuery(actorId, HINT_RUNS)).data?.items ?? [];
  const server = useQuery(serverQuery).data;
  const peaks = peaksSentence(runs);
  const grant = server?.memory ? grantSentence(server.memory, memory) : null;
  const { least, most } = memoryLimitsOf(build);
  const isOutside = memory !== null && (memory < least || memory > most);
  if (!peaks && !grant && !isOutside) return null;
  return (
    <p className={styles.hint} data-bad={grant?.isTooMuch ?? false}>
      <Gauge aria-hidden />
      <span>
        {isOutside && `The build is made for ${least} to ${most} MB. `}
        {peaks} {grant?.text}
      </span>
    </p>
  );
}

function Webhooks({ options, onChange }: Pick<Props, "options" | "onChange">) {
  const [isOpen, setOpen] = useState(false);
  const webhooks = options.webhooks ?? [];
  return (
    <span className={styles.webhooks}>
      <Webhook aria-hidden />
      {webhooks.length === 0 ? "No webhooks" : plural(webhooks.length, "webhook")}
      <Button variant="quiet" small className={styles.add ?? ""} onClick={() => setOpen(true)}>
        {webhooks.length === 0 ? "Add" : "Edit"}
      </Button>
      {isOpen && (
        <WebhooksDialog
          webhooks={webhooks}
          onSave={(next) => onChange({ webhooks: next.length === 0 ? undefined : next })}
          onClose={() => setOpen(false)}
        />
      )}
    </span>
  );
}

type AmountProps = {
  label: string;
  unit: string;
  placeholder: string;
  isWhole?: boolean;
  value: number | undefined;
  onChange: (value: number | undefined) => void;
};

/** An amount; without one, the run gets the default that the placeholder shows. */
export function AmountField({ label, unit, placeholder, isWhole = false, value, onChange }: AmountProps) {
  const id = useId();
  const [text, setText] = useState(value === undefined ? "" : String(value));
  const [sent, setSent] = useState(value);
  if (value !== sent) {
    setSent(value);
    setText(value === undefined ? "" : String(value));
  }
  const parsed = parseAmount(text, isWhole);
  const error = parsed === null ? `Write ${isWhole ? "a whole number" : "an amount such as 1.5"}.` : null;
  return (
    <Field label={label} htmlFor={id} error={error}>
      <TextInput
        id={id}
        inputMode={isWhole ? "numeric" : "decimal"}
        autoComplete="off"
        unit={unit}
        isInvalid={error !== null}
        value={text}
        placeholder={placeholder}
        onChange={(event) => {
          setText(event.target.value);
          const next = parseAmount(event.target.value, isWhole);
          if (next === null) return;
          setSent(next);
          onChange(next);
        }}
      />
    </Field>
  );
}

/** Tags first, then the numbers of all usable builds. The current choice is always among them. */
export function buildChoices(actor: ActorRecord, builds: readonly BuildInList[], current: string) {
  const tags = Object.entries(actor.taggedBuilds ?? {}).map(
    ([tag, build]) => [tag, `${tag} ${build?.buildNumber ?? ""}`.trim()] as const,
  );
  const numbers = builds
    .filter(({ status }) => status === "SUCCEEDED")
    .map(({ buildNumber }) => [buildNumber, buildNumber] as const);
  const choices = [...tags, ...numbers];
  return choices.some(([value]) => value === current)
    ? choices
    : [[current, `${current} (no build)`] as const, ...choices];
}

/** The price of one compute unit (one GB for one hour) in USD; null if this month has no usage that shows it. */
function computePrice({ monthlyServiceUsage }: Usage): number | null {
  return monthlyServiceUsage.ACTOR_COMPUTE_UNITS?.baseUnitPriceUsd ?? null;
}
