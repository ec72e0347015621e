import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";

export function DatasetsPage() {
  return (
    <Page title="Datasets">
      <Empty>This page is not built yet.</Empty>
    </Page>
  );
}
