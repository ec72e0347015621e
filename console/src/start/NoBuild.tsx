import type { ActorRecord } from "@/api/actors";
import { Empty } from "@/ui/Empty";

/** An Actor without the build that its runs would use. */
export function NoBuild({ actor, tag }: { actor: ActorRecord; tag: string }) {
  return (
    <Empty command={`greenroom build ${actor.name}`}>
      {actor.name} has no finished build with the tag or number {tag}. Build it first.
    </Empty>
  );
}
