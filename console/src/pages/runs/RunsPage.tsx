import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";

export function RunsPage() {
  return (
    <Page title="Runs">
      <Empty>This page is not built yet.</Empty>
    </Page>
  );
}
