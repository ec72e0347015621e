import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { messageOf } from "@/api/errors";
import { type ScheduleShort, schedulesQuery, useSaveSchedule } from "@/api/schedules";
import { plural } from "@/format/numbers";
import { shortTime } from "@/format/times";
import { ActorLink, TaskLink } from "@/links/RecordLink";
import { buttonClass } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { Switch } from "@/ui/Field";
import { Page, Toolbar } from "@/ui/Page";
import { SearchField } from "@/ui/SearchField";
import { Skeleton } from "@/ui/Skeleton";
import { type Column, Table } from "@/ui/Table";
import { showToast } from "@/ui/toasts";
import { useListSearch } from "@/ui/useListSearch";
import { CronWords } from "./CronWords";

export function SchedulesPage() {
  const { data, error, refetch } = useQuery(schedulesQuery);
  const { q, found, onSearch } = useListSearch(data?.items, textOf);
  const create = (
    <Link to="/schedules/$scheduleId" params={{ scheduleId: "new" }} className={buttonClass("primary")}>
      <Plus aria-hidden /> Create a schedule
    </Link>
  );
  return (
    <Page title="Schedules" note={data && plural(data.total, "schedule")} actions={create}>
      <Toolbar>
        <SearchField value={q} label="Search the schedules" placeholder="Name, time or zone" onChange={onSearch} />
      </Toolbar>
      {error && <QueryError error={error} refetch={refetch} />}
      {!data && !error && <Skeleton />}
      {data?.items.length === 0 && <Empty command={CREATE}>A schedule starts Actors and tasks at set times.</Empty>}
      {data && data.items.length > 0 && found.length === 0 && (
        <Empty>No schedule contains “{q}” in its name, cron expression or time zone.</Empty>
      )}
      {found.length > 0 && <Schedules schedules={found} />}
    </Page>
  );
}

const CREATE = `apify api POST schedules -d '{"name": "daily", "cronExpression": "@daily", "isEnabled": true, "isExclusive": true, "actions": []}'`;

function textOf({ name, cronExpression, timezone }: ScheduleShort): string {
  return `${name} ${cronExpression} ${timezone}`;
}

function Schedules({ schedules }: { schedules: ScheduleShort[] }) {
  const navigate = useNavigate();
  const href = (schedule: ScheduleShort) => `/schedules/${schedule.id}`;
  return (
    <Table
      label="Schedules"
      columns={COLUMNS}
      rows={schedules}
      rowId={(schedule) => schedule.id}
      rowLabel={(schedule) => schedule.name}
      rowHref={href}
      onOpen={(schedule) => navigate({ href: href(schedule) })}
      compact={(schedule) => (
        <>
          <b>{schedule.name}</b> {schedule.isEnabled ? "" : "(off)"}
          <br />
          <CronWords expression={schedule.cronExpression} />
        </>
      )}
    />
  );
}

const COLUMNS: Column<ScheduleShort>[] = [
  { id: "name", header: "Name", cell: (schedule) => <b>{schedule.name}</b> },
  { id: "enabled", header: "On", cell: (schedule) => <Enabled schedule={schedule} /> },
  { id: "when", header: "When", grows: true, cell: (schedule) => <CronWords expression={schedule.cronExpression} /> },
  { id: "zone", header: "Time zone", hideBelow: "narrow", cell: (schedule) => schedule.timezone },
  { id: "starts", header: "Starts", hideBelow: "wide", cell: (schedule) => <Starts schedule={schedule} /> },
  { id: "last", header: "Last", isNumber: true, cell: (schedule) => shortTime(schedule.lastRunAt) },
  {
    id: "next",
    header: "Next",
    isNumber: true,
    cell: (schedule) => shortTime(schedule.isEnabled ? schedule.nextRunAt : null),
  },
];

function Enabled({ schedule }: { schedule: ScheduleShort }) {
  const save = useSaveSchedule(schedule.id);
  const change = (isEnabled: boolean) =>
    save.mutate({ isEnabled }, { onError: (error) => showToast({ kind: "error", text: messageOf(error) }) });
  const label = <span className="visually-hidden">{schedule.name} is on</span>;
  return <Switch label={label} checked={schedule.isEnabled} needsServer disabled={save.isPending} onChange={change} />;
}

function Starts({ schedule }: { schedule: ScheduleShort }) {
  return (
    <>
      {schedule.actions.map((action, index) => (
        <span key={action.id}>
          {index > 0 && ", "}
          {action.type === "RUN_ACTOR" ? <ActorLink id={action.actorId} /> : <TaskLink id={action.actorTaskId} />}
        </span>
      ))}
    </>
  );
}
