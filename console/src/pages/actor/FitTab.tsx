import { Empty } from "@/ui/Empty";

/** Runs the Actor with several memory sizes, and recommends one. `fitId` is null for a new fit. */
export default function FitTab({ actorId }: { actorId: string; fitId: string | null }) {
  return <Empty command={`greenroom fit ${actorId}`}>This page is not built yet.</Empty>;
}
