import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";

export function RequestQueuePage() {
  return (
    <Page title="Request queue">
      <Empty>This page is not built yet.</Empty>
    </Page>
  );
}
