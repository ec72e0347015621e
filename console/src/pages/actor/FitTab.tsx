import { useQuery } from "@tanstack/react-query";
import type { ActorRecord } from "@/api/actors";
import { fitQuery, fitsQuery } from "@/api/fits";
import { QueryError } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { FitView } from "./fit/FitView";
import { NewFit } from "./fit/NewFit";

const NEW = "new";

/** Finds out how much memory the Actor needs. `fitId` null is the newest fit, or a new one for an Actor without fits. */
export default function FitTab({ actor, fitId }: { actor: ActorRecord; fitId: string | null }) {
  const list = useQuery(fitsQuery(actor.id));
  const shown = fitId ?? list.data?.items[0]?.id ?? NEW;
  const fit = useQuery({ ...fitQuery(shown), enabled: shown !== NEW });
  const error = (list.data ? null : list.error) ?? (fit.data ? null : fit.error);
  if (error) return <QueryError error={error} refetch={() => void Promise.all([list.refetch(), fit.refetch()])} />;
  if (!list.data) return <Skeleton lines={6} height={24} />;
  if (shown === NEW) return <NewFit actor={actor} fits={list.data.items} possible={list.data.possibleSizes} />;
  if (!fit.data) return <Skeleton lines={6} height={24} />;
  return <FitView key={shown} actor={actor} fit={fit.data} fits={list.data.items} />;
}
