import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";

export function TasksPage() {
  return (
    <Page title="Tasks">
      <Empty>This page is not built yet.</Empty>
    </Page>
  );
}
