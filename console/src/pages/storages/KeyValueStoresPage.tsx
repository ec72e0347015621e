import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";

export function KeyValueStoresPage() {
  return (
    <Page title="Key-value stores">
      <Empty>This page is not built yet.</Empty>
    </Page>
  );
}
