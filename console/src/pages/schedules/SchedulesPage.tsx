import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";

export function SchedulesPage() {
  return (
    <Page title="Schedules">
      <Empty>This page is not built yet.</Empty>
    </Page>
  );
}
