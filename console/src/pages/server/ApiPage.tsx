import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";

export function ApiPage() {
  return (
    <Page title="API">
      <Empty>This page is not built yet.</Empty>
    </Page>
  );
}
