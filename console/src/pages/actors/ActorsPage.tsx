import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";

export function ActorsPage() {
  return (
    <Page title="Actors">
      <Empty>This page is not built yet.</Empty>
    </Page>
  );
}
