import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";

export function UsersPage() {
  return (
    <Page title="Users and limits">
      <Empty>This page is not built yet.</Empty>
    </Page>
  );
}
