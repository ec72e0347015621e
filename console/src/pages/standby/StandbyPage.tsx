import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Settings2 } from "lucide-react";
import { useRef } from "react";
import { type StandbyTarget, standbyQuery } from "@/api/standby";
import { withoutOwner } from "@/format/names";
import { plural } from "@/format/numbers";
import standby from "@/standby/Standby.module.css";
import { StandbyActions } from "@/standby/StandbyActions";
import { StandbyOverview } from "@/standby/StandbyOverview";
import { nameOf, rate, settingsPath, settingsSentence, stateOf } from "@/standby/state";
import { buttonClass } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { useListKeys } from "@/ui/listKeys";
import { Card, Page, Toolbar } from "@/ui/Page";
import { SearchField } from "@/ui/SearchField";
import { Skeleton } from "@/ui/Skeleton";
import { StatusPill } from "@/ui/StatusPill";
import { useListSearch } from "@/ui/useListSearch";
import styles from "./StandbyPage.module.css";

/** The Actors and tasks with Standby: where they answer, what they do now, and the runs that serve them. */
export function StandbyPage() {
  const { data, error, refetch } = useQuery(standbyQuery);
  const { q, found, onSearch } = useListSearch(data, textOf);
  return (
    <Page title="Standby" note={data && summaryOf(data)}>
      <Toolbar>
        <SearchField value={q} label="Search Standby" placeholder="Actor, task or address" onChange={onSearch} />
      </Toolbar>
      {error && <QueryError error={error} refetch={refetch} />}
      {!data && !error && <Skeleton lines={6} height={28} />}
      {data?.length === 0 && <NoStandby />}
      {data && data.length > 0 && found.length === 0 && <Empty>No Actor or task with Standby contains “{q}”.</Empty>}
      {found.length > 0 && <Targets targets={found} />}
    </Page>
  );
}

function NoStandby() {
  return (
    <Empty command="greenroom push ./my-actor">
      An Actor with Standby is a web server: requests to its address start runs and share them. Set{" "}
      <code>usesStandbyMode</code> in .actor/actor.json and push the Actor, or enable Standby on the page of an Actor.
    </Empty>
  );
}

function textOf({ label, actorName, actorTitle, taskName }: StandbyTarget): string {
  return `${label} ${actorName} ${actorTitle ?? ""} ${taskName ?? ""}`;
}

function summaryOf(targets: StandbyTarget[]): string {
  const runs = targets.reduce((sum, target) => sum + target.runs.length, 0);
  const perSec = targets.reduce((sum, target) => sum + target.requestsPerSec, 0);
  return `${plural(targets.length, "address", "addresses")} · ${plural(runs, "live run")} · ${rate(perSec)} requests a second`;
}

function Targets({ targets }: { targets: StandbyTarget[] }) {
  const list = useRef<HTMLDivElement>(null);
  useListKeys(list, "h2 a");
  return (
    <div ref={list} className={styles.targets}>
      {targets.map((target) => (
        <Target key={target.taskId ?? target.actorId} target={target} />
      ))}
    </div>
  );
}

function Target({ target }: { target: StandbyTarget }) {
  const path = settingsPath(target);
  const name = nameOf(target);
  return (
    <Card>
      <section className={styles.target} aria-label={name}>
        <header className={standby.head}>
          <StatusPill {...stateOf(target)} />
          <h2>
            <Link to={path}>{name}</Link>
          </h2>
          <span className={styles.note}>{aboutOf(target)}</span>
          <span className={standby.actions}>
            <StandbyActions target={target} />
            <Link to={path} className={buttonClass("secondary", true)}>
              <Settings2 aria-hidden />
              Settings
            </Link>
          </span>
        </header>
        <p className={styles.settings}>{settingsSentence(target)}</p>
        <StandbyOverview target={target} />
      </section>
    </Card>
  );
}

function aboutOf({ taskId, actorName, actorTitle }: StandbyTarget): string | null {
  return taskId === null ? actorTitle : `Task of ${withoutOwner(actorName)}`;
}
