import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ActorRecord } from "@/api/actors";
import { messageOf } from "@/api/errors";
import { type Addressed, standbyQuery, useSaveStandby } from "@/api/standby";
import type { TaskRecord } from "@/api/tasks";
import { Copyable } from "@/ui/Copyable";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { Switch } from "@/ui/Field";
import { Section } from "@/ui/Page";
import { Skeleton } from "@/ui/Skeleton";
import { StatusPill } from "@/ui/StatusPill";
import { showToast } from "@/ui/toasts";
import styles from "./Standby.module.css";
import { StandbyActions } from "./StandbyActions";
import { StandbyOverview } from "./StandbyOverview";
import { StandbySettingsForm } from "./StandbySettingsForm";
import { stateOf } from "./state";

/** Standby of an Actor, or of a task of it: what it does now, and its settings. */
export function StandbyTab({ actor, task }: { actor: ActorRecord; task?: TaskRecord }) {
  const of = { actorId: actor.id, taskId: task?.id ?? null };
  const ofActor = actor.actorStandby;
  const isOfActor = ofActor?.isEnabled === true;
  if (task && !isOfActor) return <NoStandbyOfActor actor={actor} />;
  const isEnabled = isOfActor && task?.actorStandby?.isEnabled !== false;
  return (
    <>
      <Now of={of} isEnabled={isEnabled} url={(task ?? actor).standbyUrl} />
      {isEnabled && (
        <Section title="Settings" note="they apply from the next request">
          <StandbySettingsForm
            actor={actor}
            of={of}
            own={(task ?? actor).actorStandby}
            {...(task && ofActor ? { inherited: ofActor } : {})}
          />
        </Section>
      )}
    </>
  );
}

function NoStandbyOfActor({ actor }: { actor: ActorRecord }) {
  return (
    <Empty>
      A task has Standby if its Actor has it. Enable Standby of{" "}
      <Link to="/actors/$actorId/$tab" params={{ actorId: actor.id, tab: "standby" }}>
        {actor.name}
      </Link>{" "}
      first.
    </Empty>
  );
}

type NowProps = { of: Addressed; isEnabled: boolean; url: string | null | undefined };

/** Whether Standby is on, and the live state. The user's runs continue for a moment after it was switched off. */
function Now({ of, isEnabled, url }: NowProps) {
  const { data, error, refetch } = useQuery(standbyQuery);
  const target = data?.find(({ actorId, taskId }) => actorId === of.actorId && taskId === of.taskId);
  return (
    <div className={styles.overview}>
      <div className={styles.head}>
        <EnabledSwitch of={of} isEnabled={isEnabled} />
        {target && <StatusPill {...stateOf(target)} small />}
        {target && (
          <span className={styles.actions}>
            <StandbyActions target={target} />
          </span>
        )}
      </div>
      {error && !data && <QueryError error={error} refetch={refetch} />}
      {!data && !error && <Skeleton lines={4} height={24} />}
      {target && <StandbyOverview target={target} />}
      {!target && !isEnabled && <Explanation isTask={of.taskId !== null} />}
      {data && !target && isEnabled && url && (
        <div className={styles.padded}>
          <Copyable text={url} label="Copy the address" />
          <p className={styles.quiet}>You have no live run of this Actor. Your next request starts one.</p>
        </div>
      )}
    </div>
  );
}

function EnabledSwitch({ of, isEnabled }: { of: Addressed; isEnabled: boolean }) {
  const saving = useSaveStandby(of);
  const change = (isOn: boolean) =>
    saving.mutate(
      // A task follows its Actor, so it needs no setting of its own to be on.
      { isEnabled: isOn ? (of.taskId === null ? true : null) : false },
      { onError: (error) => showToast({ kind: "error", text: messageOf(error) }) },
    );
  return <Switch label="Standby" checked={isEnabled} needsServer disabled={saving.isPending} onChange={change} />;
}

function Explanation({ isTask }: { isTask: boolean }) {
  if (isTask)
    return <Empty>This task has no address. Its Actor has Standby, so it gets one when you switch it on.</Empty>;
  return (
    <Empty>
      With Standby, an Actor is a web server at an address of its own. Requests start runs, share them, and keep them
      alive. The Actor must run an HTTP server on the port in <code>ACTOR_WEB_SERVER_PORT</code>.
    </Empty>
  );
}
