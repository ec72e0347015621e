import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";

export function NewActorPage() {
  return (
    <Page title="New Actor">
      <Empty>This page is not built yet.</Empty>
    </Page>
  );
}
