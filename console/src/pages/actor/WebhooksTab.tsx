import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { type ActorRecord, actorWebhooksQuery } from "@/api/actors";
import { MISSING } from "@/format/numbers";
import { shortTime } from "@/format/times";
import { buttonClass } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { type Column, Table } from "@/ui/Table";

type Row = { id: string; eventTypes: string[]; requestUrl: string; modifiedAt: string; isEnabled?: boolean };

const COLUMNS: Column<Row>[] = [
  { id: "url", header: "Target", grows: true, cell: (row) => <code>{row.requestUrl}</code> },
  { id: "events", header: "Events", cell: (row) => row.eventTypes.join(", ") || MISSING },
  { id: "modified", header: "Modified", isNumber: true, hideBelow: "narrow", cell: (row) => shortTime(row.modifiedAt) },
];

/** The webhooks that runs and builds of this Actor call. */
export default function WebhooksTab({ actor }: { actor: ActorRecord }) {
  const { data, error, isPending, refetch } = useQuery(actorWebhooksQuery(actor.id));
  const navigate = useNavigate();
  if (error && !data) return <QueryError error={error} refetch={refetch} />;
  if (isPending) return <Skeleton lines={4} height={24} />;
  if (data.items.length === 0) {
    const all = (
      <Link to="/webhooks" className={buttonClass()}>
        Webhooks
      </Link>
    );
    return <Empty action={all}>A webhook calls a URL when a run or build of this Actor changes its status.</Empty>;
  }
  return (
    <Table<Row>
      label="Webhooks"
      columns={COLUMNS}
      rows={data.items as unknown as Row[]}
      rowId={(row) => row.id}
      rowLabel={(row) => `Webhook to ${row.requestUrl}`}
      rowHref={(row) => `/webhooks/${row.id}`}
      onOpen={(row) => void navigate({ to: "/webhooks/$webhookId", params: { webhookId: row.id } })}
      compact={(row) => (
        <span>
          <code>{row.requestUrl}</code>
          <br />
          {row.eventTypes.join(", ")}
        </span>
      )}
    />
  );
}
