import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useId, useState } from "react";
import { type ActorRecord, buildsQuery } from "@/api/actors";
import { body, dataOf, platform } from "@/api/client";
import { messageOf } from "@/api/errors";
import { fullTime } from "@/format/times";
import { MEMORY_SIZES } from "@/start/options";
import { AmountField, buildChoices, PERMISSIONS } from "@/start/RunOptionsPanel";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/Dialog";
import { ErrorNote } from "@/ui/ErrorNote";
import { Details } from "@/ui/Facts";
import { Field, Select, Switch, TextInput } from "@/ui/Field";
import { Section } from "@/ui/Page";
import { showToast } from "@/ui/toasts";
import { DevFolder } from "./DevFolder";
import styles from "./SettingsTab.module.css";

/** Names, the defaults of runs, the development folder, and deleting the Actor. */
export default function SettingsTab({ actor }: { actor: ActorRecord }) {
  const [isDeleting, setDeleting] = useState(false);
  return (
    <>
      <SettingsForm key={String(actor.modifiedAt)} actor={actor} />
      <DevFolder />
      <Section title="Facts">
        <div className={styles.facts}>
          <Details
            rows={{
              ID: <code>{actor.id}</code>,
              Owner: actor.username,
              Created: fullTime(String(actor.createdAt)),
              Modified: fullTime(String(actor.modifiedAt)),
            }}
          />
        </div>
      </Section>
      <Section title="Delete">
        <p className={styles.line}>
          Deletes the Actor, its versions, builds and images. Its runs and their storages stay.
          <Button variant="danger" onClick={() => setDeleting(true)}>
            Delete the Actor
          </Button>
        </p>
      </Section>
      {isDeleting && <DeleteDialog actor={actor} onClose={() => setDeleting(false)} />}
    </>
  );
}

type Settings = {
  name: string;
  title: string;
  description: string;
  actorPermissionLevel: string;
  isPublic: boolean;
  build: string;
  memoryMbytes: number;
  timeoutSecs: number | undefined;
  restartOnError: boolean;
};

function SettingsForm({ actor }: { actor: ActorRecord }) {
  const id = useId();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [settings, setSettings] = useState(() => settingsOf(actor));
  const change = (changes: Partial<Settings>) => setSettings({ ...settings, ...changes });
  const isChanged = JSON.stringify(settings) !== JSON.stringify(settingsOf(actor));
  const saving = useMutation({
    mutationFn: () =>
      dataOf(platform.PUT("/v2/actors/{actorId}", { params: { path: { actorId: actor.id } }, body: bodyOf(settings) })),
    onSuccess: async () => {
      showToast({ kind: "done", text: "The settings are saved." });
      await navigate({ to: "/actors/$actorId/$tab", params: { actorId: actor.id, tab: "settings" }, replace: true });
      await queries.invalidateQueries({ queryKey: ["actor"] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    saving.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Section title="Names">
        <div className={styles.fields}>
          <Field label="Name" htmlFor={`${id}-name`} note="Letters, digits and hyphens. It is part of the addresses.">
            <TextInput
              id={`${id}-name`}
              isMono
              value={settings.name}
              onChange={(event) => change({ name: event.target.value.trim() })}
            />
          </Field>
          <Field label="Title" htmlFor={`${id}-title`}>
            <TextInput
              id={`${id}-title`}
              value={settings.title}
              onChange={(event) => change({ title: event.target.value })}
            />
          </Field>
          <Field label="Description" htmlFor={`${id}-description`}>
            <TextInput
              id={`${id}-description`}
              value={settings.description}
              onChange={(event) => change({ description: event.target.value })}
            />
          </Field>
        </div>
      </Section>
      <Section title="Runs" note="What a run gets without options of its own">
        <RunDefaults actor={actor} settings={settings} onChange={change} />
      </Section>
      <Section title="Access">
        <Switch
          label="Public: all users of this server can run it"
          checked={settings.isPublic}
          onChange={(isPublic) => change({ isPublic })}
        />
      </Section>
      <div className={styles.save}>
        {saving.isError && <ErrorNote title={messageOf(saving.error)} />}
        <Button type="submit" variant="primary" disabled={!isChanged} isPending={saving.isPending}>
          Save the settings
        </Button>
      </div>
    </form>
  );
}

type DefaultsProps = { actor: ActorRecord; settings: Settings; onChange: (changes: Partial<Settings>) => void };

function RunDefaults({ actor, settings, onChange }: DefaultsProps) {
  const id = useId();
  const builds = useQuery(buildsQuery(actor.id)).data?.items ?? [];
  const sizes = MEMORY_SIZES.map((size) => [String(size), `${size} MB`] as const);
  return (
    <>
      <div className={styles.fields}>
        <Field label="Build" htmlFor={`${id}-build`}>
          <Select
            id={`${id}-build`}
            value={settings.build}
            options={buildChoices(actor, builds, settings.build)}
            onChange={(build) => onChange({ build })}
          />
        </Field>
        <Field label="Memory" htmlFor={`${id}-memory`} note="The default in a build’s actor.json takes precedence.">
          <Select
            id={`${id}-memory`}
            value={String(settings.memoryMbytes)}
            options={sizes}
            onChange={(size) => onChange({ memoryMbytes: Number(size) })}
          />
        </Field>
        <AmountField
          label="Timeout"
          unit="seconds"
          placeholder="No timeout"
          isWhole
          value={settings.timeoutSecs}
          onChange={(timeoutSecs) => onChange({ timeoutSecs })}
        />
        <Field label="Permissions" htmlFor={`${id}-permissions`}>
          <Select
            id={`${id}-permissions`}
            value={settings.actorPermissionLevel}
            options={PERMISSIONS}
            onChange={(actorPermissionLevel) => onChange({ actorPermissionLevel })}
          />
        </Field>
      </div>
      <Switch
        label="Restart on error"
        checked={settings.restartOnError}
        onChange={(restartOnError) => onChange({ restartOnError })}
      />
    </>
  );
}

function settingsOf(actor: ActorRecord): Settings {
  const { defaultRunOptions: defaults } = actor;
  return {
    name: actor.name,
    title: actor.title ?? "",
    description: actor.description ?? "",
    actorPermissionLevel: actor.actorPermissionLevel ?? "LIMITED_PERMISSIONS",
    isPublic: actor.isPublic,
    build: defaults.build ?? "latest",
    memoryMbytes: defaults.memoryMbytes ?? 1024,
    timeoutSecs: defaults.timeoutSecs || undefined,
    restartOnError: defaults.restartOnError ?? false,
  };
}

function bodyOf(settings: Settings) {
  const { name, title, description, isPublic, build, memoryMbytes, timeoutSecs, restartOnError } = settings;
  const actorPermissionLevel = settings.actorPermissionLevel as "LIMITED_PERMISSIONS" | "FULL_PERMISSIONS";
  const defaultRunOptions = { build, memoryMbytes, timeoutSecs: timeoutSecs ?? 0, restartOnError };
  return { name, title, description, isPublic, actorPermissionLevel, defaultRunOptions };
}

function DeleteDialog({ actor, onClose }: { actor: ActorRecord; onClose: () => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const remove = async () => {
    await body(platform.DELETE("/v2/actors/{actorId}", { params: { path: { actorId: actor.id } } }));
    void queries.invalidateQueries({ queryKey: ["actor", "list"] });
    await navigate({ to: "/actors" });
  };
  return (
    <ConfirmDialog
      title={`Delete ${actor.name}?`}
      description="Its versions, builds and images are deleted. This cannot be undone."
      action="Delete the Actor"
      isDangerous
      confirmation={actor.name}
      onConfirm={remove}
      onClose={onClose}
    />
  );
}
