import { messageOf } from "@/api/errors";
import { ErrorNote } from "@/ui/ErrorNote";
import { Padded, Page } from "@/ui/Page";

/** A page that could not be drawn. The frame around it stays. */
export function FailedPage({ error }: { error: unknown }) {
  return (
    <Page title="This page failed">
      <Padded>
        <ErrorNote title="The console could not draw this page." onRetry={() => window.location.reload()}>
          <p>{messageOf(error)}</p>
        </ErrorNote>
      </Padded>
    </Page>
  );
}
