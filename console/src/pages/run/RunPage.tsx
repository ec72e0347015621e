import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";

export function RunPage() {
  return (
    <Page title="Run">
      <Empty>This page is not built yet.</Empty>
    </Page>
  );
}
