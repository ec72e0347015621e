import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { Play, Trash2 } from "lucide-react";
import { useState } from "react";
import { isNotFound, messageOf } from "@/api/errors";
import { type Schedule, scheduleQuery, useDeleteSchedule, useFireSchedule } from "@/api/schedules";
import { plural } from "@/format/numbers";
import { NotFoundPage } from "@/pages/NotFoundPage";
import { Button } from "@/ui/Button";
import { ConfirmDialog } from "@/ui/Dialog";
import { QueryError } from "@/ui/ErrorNote";
import { Page } from "@/ui/Page";
import { Skeleton } from "@/ui/Skeleton";
import { showToast } from "@/ui/toasts";
import { draftOf, newDraft } from "./draft";
import { ScheduleForm } from "./ScheduleForm";
import { ScheduleLog } from "./ScheduleLog";
import styles from "./Schedules.module.css";

const CRUMBS = [{ label: "Schedules", href: "/schedules" }];

export function SchedulePage() {
  const { scheduleId } = useParams({ from: "/schedules/$scheduleId" });
  return scheduleId === "new" ? <NewSchedule /> : <StoredSchedule id={scheduleId} />;
}

function NewSchedule() {
  const navigate = useNavigate();
  const open = (schedule: Schedule) => navigate({ to: "/schedules/$scheduleId", params: { scheduleId: schedule.id } });
  return (
    <Page title="New schedule" crumbs={CRUMBS}>
      <ScheduleForm id={null} initial={newDraft()} onSaved={open} />
    </Page>
  );
}

function StoredSchedule({ id }: { id: string }) {
  const { data: schedule, error, refetch } = useQuery(scheduleQuery(id));
  if (isNotFound(error))
    return <NotFoundPage message={`Greenroom has no schedule with the ID ${id}.`} command="greenroom schedule ls" />;
  if (!schedule) {
    return (
      <Page title="Schedule" crumbs={CRUMBS}>
        {error ? <QueryError error={error} refetch={refetch} /> : <Skeleton />}
      </Page>
    );
  }
  return (
    <Page title={schedule.name} crumbs={CRUMBS} id={schedule.id} actions={<Actions schedule={schedule} />}>
      <div className={styles.split}>
        <ScheduleForm key={schedule.modifiedAt} id={schedule.id} initial={draftOf(schedule)} />
        <ScheduleLog id={schedule.id} />
      </div>
    </Page>
  );
}

function Actions({ schedule }: { schedule: Schedule }) {
  const [isDeleting, setDeleting] = useState(false);
  const fire = useFireSchedule(schedule.id);
  const fireNow = () =>
    fire.mutate(undefined, {
      onSuccess: ({ runIds, problems }) => {
        if (runIds.length > 0) showToast({ kind: "done", text: `Started ${plural(runIds.length, "run")}.` });
        for (const problem of problems) showToast({ kind: "error", text: problem });
      },
      onError: (error) => showToast({ kind: "error", text: messageOf(error) }),
    });
  return (
    <>
      <Button icon={<Play aria-hidden />} needsServer isPending={fire.isPending} onClick={fireNow}>
        Fire now
      </Button>
      <Button variant="danger" icon={<Trash2 aria-hidden />} onClick={() => setDeleting(true)}>
        Delete
      </Button>
      {isDeleting && <DeleteDialog schedule={schedule} onClose={() => setDeleting(false)} />}
    </>
  );
}

function DeleteDialog({ schedule, onClose }: { schedule: Schedule; onClose: () => void }) {
  const navigate = useNavigate();
  const remove = useDeleteSchedule(schedule.id);
  return (
    <ConfirmDialog
      title={`Delete ${schedule.name}?`}
      description="Its log is deleted too. Runs that it has started continue."
      action="Delete the schedule"
      isDangerous
      confirmation={schedule.name}
      onConfirm={async () => {
        await remove.mutateAsync();
        await navigate({ to: "/schedules" });
      }}
      onClose={onClose}
    />
  );
}
