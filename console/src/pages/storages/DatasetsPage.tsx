import { StorageListPage } from "./StorageListPage";

export function DatasetsPage() {
  return <StorageListPage kind="dataset" />;
}
