import { StorageListPage } from "./StorageListPage";

export function RequestQueuesPage() {
  return <StorageListPage kind="request-queue" />;
}
