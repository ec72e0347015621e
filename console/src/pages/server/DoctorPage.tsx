import { Empty } from "@/ui/Empty";
import { Page } from "@/ui/Page";

export function DoctorPage() {
  return (
    <Page title="Doctor">
      <Empty>This page is not built yet.</Empty>
    </Page>
  );
}
