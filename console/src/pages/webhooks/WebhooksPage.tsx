import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";

export function WebhooksPage() {
  return (
    <Page title="Webhooks">
      <Empty>This page is not built yet.</Empty>
    </Page>
  );
}
