import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";

export function SettingsPage() {
  return (
    <Page title="Settings">
      <Empty>This page is not built yet.</Empty>
    </Page>
  );
}
