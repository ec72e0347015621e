import { ExternalLink } from "lucide-react";
import type { StandbyTarget } from "@/api/standby";
import { count, MISSING } from "@/format/numbers";
import { shortTime } from "@/format/times";
import { buttonClass } from "@/ui/Button";
import { Copyable } from "@/ui/Copyable";
import { ErrorNote } from "@/ui/ErrorNote";
import { Details, type Fact, Facts } from "@/ui/Facts";
import { Bar } from "@/ui/MemoryBar";
import { Sparkline } from "@/ui/Sparkline";
import styles from "./Standby.module.css";
import { StandbyRuns } from "./StandbyRuns";
import { capacityOf, hostForm, rate } from "./state";

/** What an Actor or task with Standby does now: its problems, its load, its addresses and its live runs. */
export function StandbyOverview({ target }: { target: StandbyTarget }) {
  return (
    <>
      <Problems target={target} />
      <Facts facts={factsOf(target)} />
      <Addresses target={target} />
      <StandbyRuns target={target} />
    </>
  );
}

function Problems({ target: { buildNumber, settings, problem } }: { target: StandbyTarget }) {
  if (buildNumber !== null && problem === null) return null;
  return (
    <div className={styles.padded}>
      {buildNumber === null && (
        <ErrorNote title={`The build “${settings.build}” does not exist, so no run can start. Build the Actor.`} />
      )}
      {problem && (
        <ErrorNote title={`The last run did not become ready (${shortTime(problem.at)})`}>
          <p>{problem.message}</p>
        </ErrorNote>
      )}
    </div>
  );
}

function factsOf(target: StandbyTarget): Fact[] {
  const { runs, openRequests, waitingRequests, requestsPerSec, recentRequests, buildNumber, settings } = target;
  const capacity = capacityOf(target);
  const most = Math.max(0, ...recentRequests);
  const starting = runs.filter(({ isReady, isEnding }) => !isReady && !isEnding).length;
  return [
    { label: "Requests a second", value: rate(requestsPerSec), note: "mean of 10 s" },
    {
      label: "Last minute",
      value: <Sparkline values={recentRequests} />,
      note: most === 0 ? "no requests" : `at most ${count(most)} a second`,
    },
    {
      label: "Open requests",
      value: capacity === 0 ? count(openRequests) : `${count(openRequests)} of ${count(capacity)}`,
      note: <Bar share={capacity === 0 ? null : openRequests / capacity} />,
    },
    { label: "Waiting requests", value: count(waitingRequests), note: "for a run that is ready" },
    { label: "Live runs", value: count(runs.length), note: starting > 0 ? `${count(starting)} starting` : "" },
    { label: "Build", value: buildNumber ?? MISSING, note: settings.build === buildNumber ? "" : settings.build },
  ];
}

/** Both forms of the address. Only the second one accepts the session of the browser in place of a token. */
function Addresses({ target }: { target: StandbyTarget }) {
  const { url, pageUrl, webServerMcpPath } = target;
  const host = hostForm(target);
  const example = `curl -H "Authorization: Bearer $APIFY_TOKEN" ${url}`;
  return (
    <div className={styles.addresses}>
      <Details
        rows={{
          Address: <Copyable text={host} label="Copy the address" />,
          "With a path": (
            <>
              <Copyable text={pageUrl} label="Copy the address with a path" />
              <a
                className={buttonClass("quiet", true)}
                href={new URL(pageUrl).pathname}
                target="_blank"
                rel="noreferrer"
              >
                <ExternalLink aria-hidden />
                Open
              </a>
            </>
          ),
          ...(webServerMcpPath === null
            ? {}
            : { "MCP server": <Copyable text={host + webServerMcpPath} label="Copy the address of the MCP server" /> }),
          Example: <Copyable text={example} label="Copy the command" />,
        }}
      />
    </div>
  );
}
