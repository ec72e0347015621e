import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import {
  type ActorRecord,
  type BuildRecord,
  buildExplanationQuery,
  buildIdOf,
  buildQuery,
  buildsQuery,
} from "@/api/actors";
import { body, platform } from "@/api/client";
import { messageOf } from "@/api/errors";
import { bytes, MISSING } from "@/format/numbers";
import { duration, fullTime } from "@/format/times";
import { LogViewer } from "@/log/LogViewer";
import { Button } from "@/ui/Button";
import { CommandLine } from "@/ui/CommandLine";
import { ConfirmDialog } from "@/ui/Dialog";
import { Empty } from "@/ui/Empty";
import { ErrorNote, QueryError } from "@/ui/ErrorNote";
import { type Fact, Facts } from "@/ui/Facts";
import { Skeleton } from "@/ui/Skeleton";
import { isLive, StatusPill } from "@/ui/StatusPill";
import { useBuild } from "./BuildDialog";
import { tagsOf } from "./BuildsTab";
import styles from "./BuildView.module.css";

/** A build with its log. `reference` is its number, a tag or its id. */
export default function BuildView({ actor, reference }: { actor: ActorRecord; reference: string }) {
  const builds = useQuery(buildsQuery(actor.id));
  const id = builds.data ? (buildIdOf(actor, builds.data.items, reference) ?? reference) : "";
  const build = useQuery({ ...buildQuery(id), enabled: id !== "" });
  if (builds.isError && !builds.data) return <QueryError error={builds.error} refetch={builds.refetch} />;
  if (build.isError && !build.data) {
    return <Empty command={`greenroom build ${actor.name}`}>{messageOf(build.error)}</Empty>;
  }
  if (!build.data) return <Skeleton lines={6} height={24} />;
  return <LoadedBuild actor={actor} build={build.data} />;
}

function LoadedBuild({ actor, build }: { actor: ActorRecord; build: BuildRecord }) {
  return (
    <div className={styles.build}>
      <div className={styles.head}>
        <StatusPill status={build.status} />
        <h2>Build {build.buildNumber}</h2>
        <Link to="/actors/$actorId/$tab" params={{ actorId: actor.id, tab: "builds" }}>
          All builds
        </Link>
        <Actions actor={actor} build={build} />
      </div>
      {build.status !== "SUCCEEDED" && !isLive(build.status) && <Explanation build={build} />}
      <Facts facts={factsOf(actor, build)} />
      <div className={styles.log}>
        <LogViewer key={build.id} jobId={build.id} jobKind="build" isLive={isLive(build.status)} />
      </div>
    </div>
  );
}

function factsOf(actor: ActorRecord, build: BuildRecord): Fact[] {
  const tags = tagsOf(actor, build.id);
  const isOver = !isLive(build.status);
  const isBuilt = build.status === "SUCCEEDED";
  return [
    { label: "Tags", value: tags.join(", ") || MISSING },
    { label: "Duration", value: isOver ? duration(build.stats?.durationMillis) : MISSING },
    {
      label: "Image size",
      value: isBuilt ? bytes(build.stats?.imageSizeBytes) : MISSING,
      ...(build.hasImage === false && isBuilt ? { note: "The engine has no image of it any more" } : {}),
    },
    baseImageOf(build),
    { label: "Cache", value: build.options?.useCache === false ? "Not used" : "Used" },
    { label: "Started", value: fullTime(String(build.startedAt)) },
  ];
}

/** A stand-in is a local image that replaces the base image of the Dockerfile. */
function baseImageOf({ status, baseImageStandIn }: BuildRecord): Fact {
  const label = "Base image";
  if (baseImageStandIn) return { label, value: "A stand-in", note: baseImageStandIn };
  return { label, value: status === "SUCCEEDED" ? "As in the Dockerfile" : MISSING };
}

function Explanation({ build }: { build: BuildRecord }) {
  const explanation = useQuery(buildExplanationQuery(build.id)).data;
  if (!explanation) return build.statusMessage ? <ErrorNote title={build.statusMessage} /> : null;
  const [cause] = explanation.causes;
  return (
    <div className={styles.explanation}>
      <ErrorNote title={explanation.summary}>
        {cause?.evidence.map(({ source, text }) => (
          <p key={`${source}-${text}`}>
            <span className={styles.source}>{source}</span> <code>{text}</code>
          </p>
        ))}
        {cause?.advice && <p>{cause.advice}</p>}
        <CommandLine command={cause?.command ?? explanation.command} />
      </ErrorNote>
    </div>
  );
}

function Actions({ actor, build }: { actor: ActorRecord; build: BuildRecord }) {
  const building = useBuild(actor);
  const [isDeleting, setDeleting] = useState(false);
  const version = build.buildNumber.split(".").slice(0, 2).join(".");
  const again = (usesCache: boolean) => building.mutate({ version, usesCache });
  return (
    <div className={styles.actions}>
      {isLive(build.status) && <AbortButton build={build} />}
      <Button small needsServer isPending={building.isPending} onClick={() => again(true)}>
        Build again
      </Button>
      <Button small needsServer isPending={building.isPending} onClick={() => again(false)}>
        Without cache
      </Button>
      <Button variant="danger" small disabled={isLive(build.status)} onClick={() => setDeleting(true)}>
        Delete
      </Button>
      {building.isError && <ErrorNote title={messageOf(building.error)} />}
      {isDeleting && <DeleteDialog actor={actor} build={build} onClose={() => setDeleting(false)} />}
    </div>
  );
}

function AbortButton({ build }: { build: BuildRecord }) {
  const [isAsking, setAsking] = useState(false);
  return (
    <>
      <Button variant="danger" small onClick={() => setAsking(true)}>
        Abort
      </Button>
      {isAsking && (
        <ConfirmDialog
          title={`Abort build ${build.buildNumber}?`}
          description="The build stops, and no tag changes."
          action="Abort the build"
          isDangerous
          onConfirm={() =>
            body(platform.POST("/v2/actor-builds/{buildId}/abort", { params: { path: { buildId: build.id } } }))
          }
          onClose={() => setAsking(false)}
        />
      )}
    </>
  );
}

function DeleteDialog({ actor, build, onClose }: { actor: ActorRecord; build: BuildRecord; onClose: () => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const remove = async () => {
    await body(platform.DELETE("/v2/actor-builds/{buildId}", { params: { path: { buildId: build.id } } }));
    void queries.invalidateQueries({ queryKey: ["build", "list", actor.id] });
    void navigate({ to: "/actors/$actorId/$tab", params: { actorId: actor.id, tab: "builds" } });
  };
  return (
    <ConfirmDialog
      title={`Delete build ${build.buildNumber}?`}
      description="Its image and its log are deleted too. Runs of it cannot be resurrected."
      action="Delete the build"
      isDangerous
      onConfirm={remove}
      onClose={onClose}
    />
  );
}
