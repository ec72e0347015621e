import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";

export function DatasetPage() {
  return (
    <Page title="Dataset">
      <Empty>This page is not built yet.</Empty>
    </Page>
  );
}
