import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";

export function ProxyPage() {
  return (
    <Page title="Proxy">
      <Empty>This page is not built yet.</Empty>
    </Page>
  );
}
