import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type ActorRecord, type BuildRecord, buildIdOf, buildQuery, buildsQuery } from "@/api/actors";
import { type Fit, type FitInput, type FitSummary, fitInputsQuery, fitQuery } from "@/api/fits";
import { isObject, type JsonObject } from "@/json/exact";
import { initialInput, inputSchemaOf } from "@/schema-form/schema";
import { sourceOf } from "@/schema-form/useInputForm";
import { NoBuild } from "@/start/NoBuild";
import { defaultsOf } from "@/start/options";
import { QueryError } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { NewFitForm } from "./NewFitForm";
import { draftOfFit, newDraft } from "./order";

const DEFAULT_MEMORY = 1024;

type Props = { actor: ActorRecord; fits: FitSummary[]; possible: number[] };

/** The form that starts a fit. `?from=ID` fills it with an earlier one. */
export function NewFit({ actor, fits, possible }: Props) {
  const { from } = useSearch({ strict: false }) as { from?: string };
  const fromId = from === undefined ? "" : String(from);
  const earlier = useQuery({ ...fitQuery(fromId), enabled: fromId !== "" });
  const inputs = useQuery({ ...fitInputsQuery(fromId), enabled: fromId !== "" });
  const { build, error, refetch, isMissing, tag } = useDefaultBuild(actor);
  const navigate = useNavigate();
  const failed = error ?? earlier.error ?? inputs.error;
  if (failed) return <QueryError error={failed} refetch={refetch} />;
  if (isMissing) return <NoBuild actor={actor} tag={tag} />;
  if (!build || (fromId !== "" && !(earlier.data && inputs.data))) return <Skeleton lines={6} height={32} />;
  const schema = inputSchemaOf(build);
  const memory = defaultsOf(actor.defaultRunOptions, null, build).memoryMbytes ?? DEFAULT_MEMORY;
  return (
    <NewFitForm
      key={`${build.id}-${fromId}`}
      actor={actor}
      build={build}
      schema={schema}
      possible={possible}
      firstDraft={earlier.data ? draftOfFit(earlier.data, possible) : newDraft(memory, possible)}
      {...firstInput(earlier.data, inputs.data, initialInput(schema), sourceOf(schema))}
      hasFits={fits.length > 0}
      onStarted={(fit) =>
        void navigate({
          to: "/actors/$actorId/$tab/$item",
          params: { actorId: actor.id, tab: "fit", item: fit.id },
        })
      }
    />
  );
}

function firstInput(fit: Fit | undefined, inputs: FitInput[] | undefined, initial: JsonObject, source: string) {
  const [only, ...others] = inputs ?? [];
  if (fit === undefined || only === undefined) return { first: initial, source, label: "", several: null };
  if (others.length > 0) return { first: initial, source, label: "", several: inputs ?? null };
  const body: unknown = only.body;
  return {
    first: isObject(body) ? body : {},
    source: "The input of the earlier fit",
    label: only.label,
    several: null,
  };
}

type DefaultBuild = {
  build: BuildRecord | undefined;
  error: unknown;
  refetch: () => void;
  isMissing: boolean;
  tag: string;
};

/** The build that runs of the Actor get by default. */
function useDefaultBuild(actor: ActorRecord): DefaultBuild {
  const builds = useQuery(buildsQuery(actor.id));
  const { build: tag } = defaultsOf(actor.defaultRunOptions, null, undefined);
  const id = builds.data ? buildIdOf(actor, builds.data.items, tag) : null;
  const build = useQuery({ ...buildQuery(id ?? ""), enabled: id !== null });
  return {
    build: build.data,
    error: builds.error ?? build.error,
    refetch: () => void Promise.all([builds.refetch(), build.refetch()]),
    isMissing: builds.data !== undefined && id === null,
    tag,
  };
}
