import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";

export function KeyValueStorePage() {
  return (
    <Page title="Key-value store">
      <Empty>This page is not built yet.</Empty>
    </Page>
  );
}
