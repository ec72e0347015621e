import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";

export function TaskPage() {
  return (
    <Page title="Task">
      <Empty>This page is not built yet.</Empty>
    </Page>
  );
}
