import { StorageListPage } from "./StorageListPage";

export function KeyValueStoresPage() {
  return <StorageListPage kind="key-value-store" />;
}
