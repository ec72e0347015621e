import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";

export function IntegrationsPage() {
  return (
    <Page title="Integrations">
      <Empty>This page is not built yet.</Empty>
    </Page>
  );
}
