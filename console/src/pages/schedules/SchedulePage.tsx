import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";

export function SchedulePage() {
  return (
    <Page title="Schedule">
      <Empty>This page is not built yet.</Empty>
    </Page>
  );
}
