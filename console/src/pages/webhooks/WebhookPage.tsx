import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Send, Trash2 } from "lucide-react";
import { useState } from "react";
import { isNotFound, messageOf } from "@/api/errors";
import { useDeleteWebhook, useTestWebhook, type Webhook, webhookQuery } from "@/api/webhooks";
import { NotFoundPage } from "@/pages/NotFoundPage";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/Dialog";
import { QueryError } from "@/ui/ErrorNote";
import { Page } from "@/ui/Page";
import { Skeleton } from "@/ui/Skeleton";
import { showToast } from "@/ui/toasts";
import { Dispatches } from "./Dispatches";
import { draftOf, newDraft, type Preset } from "./draft";
import { WebhookForm } from "./WebhookForm";
import styles from "./Webhooks.module.css";

const CRUMBS = [{ label: "Webhooks", href: "/webhooks" }];

export function WebhookPage() {
  const { webhookId } = useParams({ from: "/webhooks/$webhookId" });
  return webhookId === "new" ? <NewWebhook /> : <StoredWebhook id={webhookId} />;
}

function NewWebhook() {
  const navigate = useNavigate();
  const preset: Preset = useSearch({ strict: false });
  const open = (webhook: Webhook) => navigate({ to: "/webhooks/$webhookId", params: { webhookId: webhook.id } });
  return (
    <Page title="New webhook" crumbs={CRUMBS}>
      <WebhookForm id={null} initial={newDraft(preset)} onSaved={open} />
    </Page>
  );
}

function StoredWebhook({ id }: { id: string }) {
  const { data: webhook, error, refetch } = useQuery(webhookQuery(id));
  if (isNotFound(error)) return <NotFoundPage message={`Greenroom has no webhook with the ID ${id}.`} />;
  if (!webhook) {
    return (
      <Page title="Webhook" crumbs={CRUMBS}>
        {error ? <QueryError error={error} refetch={refetch} /> : <Skeleton />}
      </Page>
    );
  }
  return (
    <Page
      title="Webhook"
      note={webhook.description}
      crumbs={CRUMBS}
      id={webhook.id}
      actions={<Actions webhook={webhook} />}
    >
      <div className={styles.split}>
        <WebhookForm key={webhook.modifiedAt} id={webhook.id} initial={draftOf(webhook)} />
        <Dispatches webhookId={webhook.id} />
      </div>
    </Page>
  );
}

function Actions({ webhook }: { webhook: Webhook }) {
  const [isDeleting, setDeleting] = useState(false);
  const navigate = useNavigate();
  const test = useTestWebhook(webhook.id);
  const remove = useDeleteWebhook(webhook.id);
  const sendTest = () =>
    test.mutate(undefined, {
      onSuccess: () => showToast({ kind: "done", text: "Sent a test event. Its call is listed when it has ended." }),
      onError: (error) => showToast({ kind: "error", text: messageOf(error) }),
    });
  return (
    <>
      <Button icon={<Send aria-hidden />} needsServer isPending={test.isPending} onClick={sendTest}>
        Send a test event
      </Button>
      <Button variant="danger" icon={<Trash2 aria-hidden />} onClick={() => setDeleting(true)}>
        Delete
      </Button>
      {isDeleting && (
        <ConfirmDialog
          title="Delete this webhook?"
          description={`No more events are sent to ${webhook.requestUrl}.`}
          action="Delete the webhook"
          isDangerous
          onConfirm={async () => {
            await remove.mutateAsync(undefined);
            await navigate({ to: "/webhooks" });
          }}
          onClose={() => setDeleting(false)}
        />
      )}
    </>
  );
}
