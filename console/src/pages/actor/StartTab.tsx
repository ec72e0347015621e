import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import type { ActorRecord } from "@/api/actors";
import { runInputQuery } from "@/start/runInput";
import { StartForm } from "@/start/StartForm";
import { QueryError } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";

/** The form that starts a run. `?run=ID` fills it with the input and options of that run. */
export default function StartTab({ actor }: { actor: ActorRecord }) {
  const { run } = useSearch({ strict: false }) as { run?: string };
  const runId = run === undefined ? "" : String(run);
  const { data, error, refetch } = useQuery({ ...runInputQuery(runId), enabled: runId !== "" });
  if (error && !data) return <QueryError error={error} refetch={refetch} />;
  if (runId !== "" && !data) return <Skeleton lines={6} height={32} />;
  return <StartForm key={`${actor.id}-${runId}`} actor={actor} {...(data ? { first: data } : {})} />;
}
