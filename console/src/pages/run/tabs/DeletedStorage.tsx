import type { StorageKind } from "@/api/storageRecords";
import { KINDS } from "@/storages/kinds";
import { Empty } from "@/ui/Empty";

/** A storage of a run that does not exist any more. */
export function DeletedStorage({ kind }: { kind: StorageKind }) {
  return (
    <Empty>
      The {KINDS[kind].word} of this run does not exist any more. It was deleted, or it expired some days after its last
      use.
    </Empty>
  );
}
