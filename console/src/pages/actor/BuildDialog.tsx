import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useId, useState } from "react";
import type { ActorRecord } from "@/api/actors";
import { dataOf, platform } from "@/api/client";
import { messageOf } from "@/api/errors";
import { Button } from "@/ui/Button";
import { CommandLine } from "@/ui/CommandLine";
import { Dialog } from "@/ui/Dialog";
import { Empty } from "@/ui/Empty";
import { ErrorNote } from "@/ui/ErrorNote";
import { Checkbox, Field, Select, TextInput } from "@/ui/Field";

/** Builds a version of an Actor, and opens the page of the build. */
export function BuildDialog({ actor, onClose }: { actor: ActorRecord; onClose: () => void }) {
  const id = useId();
  const versions = [...actor.versions].sort((a, b) => compareVersions(b.versionNumber, a.versionNumber));
  const [number, setNumber] = useState(versions[0]?.versionNumber ?? "");
  const [tag, setTag] = useState("");
  const [usesCache, setUsesCache] = useState(true);
  const version = versions.find(({ versionNumber }) => versionNumber === number);
  const building = useBuild(actor, onClose);
  if (versions.length === 0) {
    return (
      <Dialog title={`Build ${actor.name}`} onClose={onClose}>
        <Empty command="greenroom push ./my-actor">{actor.name} has no version. Push its source first.</Empty>
      </Dialog>
    );
  }
  const order = { version: number, tag: tag || undefined, usesCache };
  const footer = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button variant="primary" needsServer isPending={building.isPending} onClick={() => building.mutate(order)}>
        Build
      </Button>
    </>
  );
  return (
    <Dialog
      title={`Build ${actor.name}`}
      description="The server builds an image from the source of the version. New runs with the tag use it when it has succeeded."
      onClose={onClose}
      footer={footer}
    >
      <Field label="Version" htmlFor={`${id}-version`}>
        <Select
          id={`${id}-version`}
          value={number}
          options={versions.map(({ versionNumber }) => [versionNumber, versionNumber] as const)}
          onChange={setNumber}
        />
      </Field>
      <Field label="Tag" htmlFor={`${id}-tag`}>
        <TextInput
          id={`${id}-tag`}
          isMono
          value={tag}
          placeholder={version?.buildTag ?? "No tag"}
          onChange={(event) => setTag(event.target.value.trim())}
        />
      </Field>
      <Checkbox label="Use cached steps of earlier builds" checked={usesCache} onChange={setUsesCache} />
      <CommandLine command={commandOf(actor, order, versions.length)} />
      {building.isError && <ErrorNote title={messageOf(building.error)} />}
    </Dialog>
  );
}

type BuildOrder = { version: string; tag?: string | undefined; usesCache: boolean };

/** Starts a build and opens its page. */
export function useBuild(actor: { id: string }, onStarted: () => void = () => {}) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ version, tag, usesCache }: BuildOrder) =>
      dataOf(
        platform.POST("/v2/actors/{actorId}/builds", {
          params: { path: { actorId: actor.id }, query: { version, useCache: usesCache, ...(tag ? { tag } : {}) } },
        }),
      ),
    onSuccess: ({ buildNumber }) => {
      void queries.invalidateQueries({ queryKey: ["build", "list", actor.id] });
      onStarted();
      const params = { actorId: actor.id, tab: "builds", item: buildNumber };
      void navigate({ to: "/actors/$actorId/$tab/$item", params });
    },
  });
}

function commandOf(actor: ActorRecord, { version, tag, usesCache }: BuildOrder, versions: number): string {
  const words = ["greenroom build", actor.name];
  if (versions > 1) words.push(`--version ${version}`);
  if (tag) words.push(`--tag ${tag}`);
  if (!usesCache) words.push("--no-cache");
  return words.join(" ");
}

export function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
