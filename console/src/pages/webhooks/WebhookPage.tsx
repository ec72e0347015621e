import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";

export function WebhookPage() {
  return (
    <Page title="Webhook">
      <Empty>This page is not built yet.</Empty>
    </Page>
  );
}
