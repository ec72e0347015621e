import { useQuery } from "@tanstack/react-query";
import { ExternalLink, RotateCw } from "lucide-react";
import { useState } from "react";
import { webServerQuery } from "@/api/runDetails";
import { Button, buttonClass } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { Skeleton } from "@/ui/Skeleton";
import { StatusPill } from "@/ui/StatusPill";
import type { RunTabProps } from "../tabs";
import { useRefetchOnEvents } from "../useRunEvents";
import { hostForm } from "../webServerAddress";
import styles from "./Tabs.module.css";

/** The web server of the Actor in a frame. It has an origin of its own, so that it cannot use the console's session. */
export function WebServerTab({ run }: RunTabProps) {
  const query = webServerQuery(run.id);
  const { data, error, refetch } = useQuery(query);
  const [loads, setLoads] = useState(0);
  useRefetchOnEvents(run, ["timeline", "run"], query.queryKey);
  if (error && !data) return <QueryError error={error} refetch={refetch} />;
  if (!data) return <Skeleton lines={6} />;
  const address = hostForm(data.url);
  return (
    <>
      <div className={styles.toolbar}>
        <State isLive={data.isLive} isReady={data.isReady} />
        <code className={styles.address}>{data.url}</code>
        <CopyButton text={data.url} label="Copy the URL" />
        {data.isReady && (
          <span className={styles.end}>
            <Button variant="quiet" small icon={<RotateCw aria-hidden />} onClick={() => setLoads(loads + 1)}>
              Reload
            </Button>
            <a className={buttonClass("quiet", true)} href={address} target="_blank" rel="noreferrer">
              <ExternalLink aria-hidden />
              Open
            </a>
          </span>
        )}
      </div>
      {data.isReady ? (
        <iframe
          key={loads}
          className={styles.frame}
          title="The web server of the run"
          src={address}
          sandbox="allow-scripts allow-forms"
          referrerPolicy="no-referrer"
        />
      ) : (
        <NoServer {...data} />
      )}
    </>
  );
}

function State({ isLive, isReady }: { isLive: boolean; isReady: boolean }) {
  if (isReady) return <StatusPill status="SUCCEEDED" text="Answers" small />;
  return <StatusPill status={isLive ? "READY" : "ABORTED"} text={isLive ? "Does not answer" : "Ended"} small />;
}

function NoServer({ isLive, port, listening }: { isLive: boolean; port: number; listening: readonly string[] }) {
  if (!isLive) return <Empty>The run has ended, and its web server with it.</Empty>;
  return (
    <Empty>
      The Actor does not listen on port {port}.{listening.length > 0 && ` It listens on ${listening.join(", ")}.`}{" "}
      Listen on <code>ACTOR_WEB_SERVER_PORT</code>.
    </Empty>
  );
}
