import { useParams } from "@tanstack/react-router";
import { DatasetView } from "@/storages/dataset/DatasetView";
import { UploadButton } from "@/storages/dataset/UploadButton";
import { KINDS } from "@/storages/kinds";
import { Empty } from "@/ui/Empty";
import { StoragePage } from "./StoragePage";

export function DatasetPage() {
  const { datasetId = "" } = useParams({ strict: false });
  return (
    <StoragePage kind="dataset" id={datasetId} action={({ id }) => <UploadButton datasetId={id} />}>
      {(dataset) => (
        <DatasetView
          dataset={dataset}
          empty={<Empty command={KINDS.dataset.emptyCommand}>This dataset is empty.</Empty>}
        />
      )}
    </StoragePage>
  );
}
