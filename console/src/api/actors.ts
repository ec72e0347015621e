/** Actors, their builds and their runs. */
import { queryOptions } from "@tanstack/react-query";
import { body, dataOf, local, platform, readBoth } from "@/api/client";
import type { components } from "@/api/platform";
import { knownById } from "@/api/records";
import { isObject } from "@/json/exact";

type Schemas = components["schemas"];

export type ActorInList = Schemas["ActorShort"];
export type ActorRecord = Schemas["Actor"];
export type Version = Schemas["Version"] & { localFolder?: string };
export type BuildInList = Schemas["BuildShort"];
/** A build, with what only this server has. */
export type BuildRecord = Schemas["Build"] & {
  statusMessage?: string | null;
  baseImageStandIn?: string | null;
  hasImage?: boolean;
};

type Definition = NonNullable<BuildRecord["actorDefinition"]>;

/** More than a user creates by hand. */
const MANY = 1000;

export const actorsQuery = queryOptions({
  queryKey: ["actor", "list"],
  queryFn: ({ signal }) =>
    dataOf(platform.GET("/v2/actors", { params: { query: { my: true, limit: MANY, desc: true } }, signal })),
});

/** `id` is an id or `username~name`. */
export const actorQuery = (id: string) =>
  queryOptions({
    queryKey: ["actor", id],
    queryFn: async ({ signal, client }) => {
      const actor = await dataOf(platform.GET("/v2/actors/{actorId}", { params: { path: { actorId: id } }, signal }));
      return knownById(client, "actor", id, actor);
    },
  });

export const buildsQuery = (actorId: string) =>
  queryOptions({
    queryKey: ["build", "list", actorId],
    queryFn: ({ signal }) =>
      dataOf(
        platform.GET("/v2/actors/{actorId}/builds", {
          params: { path: { actorId }, query: { desc: true, limit: MANY } },
          signal,
        }),
      ),
  });

export const buildQuery = (id: string) =>
  queryOptions({
    queryKey: ["build", id],
    queryFn: async ({ signal }): Promise<BuildRecord> => {
      const { plain, exact } = await readBoth<BuildRecord>(`/v2/actor-builds/${encodeURIComponent(id)}`, signal);
      const { actorDefinition } = exact;
      if (!plain.actorDefinition || !isObject(actorDefinition)) return plain;
      return { ...plain, actorDefinition: { ...plain.actorDefinition, input: actorDefinition.input } as Definition };
    },
  });

export const buildExplanationQuery = (id: string) =>
  queryOptions({
    queryKey: ["build", id, "explanation"],
    queryFn: async ({ signal }) =>
      (await body(local.GET("/greenroom/builds/{build}/explanation", { params: { path: { build: id } }, signal })))
        .data,
  });

export const versionQuery = (actorId: string, number: string) =>
  queryOptions({
    queryKey: ["actor", actorId, "version", number],
    queryFn: async ({ signal }): Promise<Version> =>
      dataOf(
        platform.GET("/v2/actors/{actorId}/versions/{versionNumber}", {
          params: { path: { actorId, versionNumber: number } },
          signal,
        }),
      ),
  });

/** The latest runs of an Actor, with what they needed. Fetched again when a run begins or ends. */
export const lastRunsQuery = (actorId: string, limit: number) =>
  queryOptions({
    queryKey: ["run", "counts", "latest-of-actor", actorId, limit],
    queryFn: ({ signal }) =>
      body(local.GET("/greenroom/runs", { params: { query: { actor: actorId, limit } }, signal })),
  });

export const actorWebhooksQuery = (actorId: string) =>
  queryOptions({
    queryKey: ["webhook", "list", "of-actor", actorId],
    queryFn: ({ signal }) =>
      dataOf(
        platform.GET("/v2/actors/{actorId}/webhooks", { params: { path: { actorId }, query: { desc: true } }, signal }),
      ),
  });

/** Of several tags, `latest` is the one that people mean; otherwise the newest build counts. */
export function latestBuildOf(actor: ActorRecord): { tag: string; id: string; number: string } | null {
  const tags = Object.entries(actor.taggedBuilds ?? {}).flatMap(([tag, build]) =>
    build?.buildId && build.buildNumber
      ? [{ tag, id: build.buildId, number: build.buildNumber, at: build.finishedAt ?? "" }]
      : [],
  );
  const newest = tags.sort((a, b) => String(b.at).localeCompare(String(a.at)))[0];
  return tags.find(({ tag }) => tag === "latest") ?? newest ?? null;
}

/** The build that a run gets for a tag or a number; null if the Actor has none. */
export function buildIdOf(actor: ActorRecord, builds: readonly BuildInList[], build: string): string | null {
  const tagged = actor.taggedBuilds?.[build]?.buildId;
  return tagged ?? builds.find(({ buildNumber }) => buildNumber === build)?.id ?? null;
}
