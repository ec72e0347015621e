import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";

export function RequestQueuesPage() {
  return (
    <Page title="Request queues">
      <Empty>This page is not built yet.</Empty>
    </Page>
  );
}
