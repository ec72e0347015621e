import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";

export function ActorPage() {
  return (
    <Page title="Actor">
      <Empty>This page is not built yet.</Empty>
    </Page>
  );
}
