import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useId } from "react";
import { request } from "@/api/client";
import { messageOf } from "@/api/errors";
import { type Server, serverQuery, useDataFolder } from "@/api/server";
import { changePreferences, type Preferences, preferences } from "@/app/preferences";
import { bytes, MISSING } from "@/format/numbers";
import { fullTime } from "@/format/times";
import { Button } from "@/ui/Button";
import { QueryError } from "@/ui/ErrorNote";
import { Details } from "@/ui/Facts";
import { Select, Switch } from "@/ui/Field";
import { Page, Section } from "@/ui/Page";
import { Segmented } from "@/ui/Segmented";
import { Skeleton } from "@/ui/Skeleton";
import { useStore } from "@/ui/store";
import { showToast } from "@/ui/toasts";
import styles from "./Settings.module.css";

/** What this browser shows, and what the server was started with. */
export function SettingsPage() {
  const { data: server, error, refetch } = useQuery(serverQuery);
  return (
    <Page title="Settings">
      <div className={styles.page}>
        <Section title="This browser">
          <Appearance />
        </Section>
        <Section
          title="Session"
          actions={server?.hasUsers && <SignOut />}
          {...(server ? { note: `Signed in as ${server.user?.username}` } : {})}
        >
          <p>
            Client variables, and how a client signs in, are on the page{" "}
            <Link to="/settings/integrations">Integrations</Link>.
          </p>
        </Section>
        <Section title="Server" note="Set in greenroom.toml, in variables or with options of greenroom up">
          {server ? <ServerDetails server={server} /> : error ? null : <Skeleton lines={6} />}
          {error && <QueryError error={error} refetch={refetch} />}
        </Section>
      </div>
    </Page>
  );
}

const THEMES = [
  { value: "system", label: "System" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
] satisfies { value: Preferences["theme"]; label: string }[];
const DENSITIES = [
  { value: "compact", label: "Compact" },
  { value: "comfortable", label: "Comfortable" },
] satisfies { value: Preferences["density"]; label: string }[];

function Appearance() {
  const { theme, density, timeZone, hasKeys } = useStore(preferences);
  const id = useId();
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zones = [
    ["", `That of the browser, ${own}`] as const,
    ...["UTC", ...Intl.supportedValuesOf("timeZone")].map((zone) => [zone, zone] as const),
  ];
  return (
    <div className={styles.choices}>
      <span>Theme</span>
      <Segmented
        label="Theme"
        segments={THEMES}
        value={theme}
        onChange={(value) => changePreferences({ theme: value })}
      />
      <span>Rows</span>
      <Segmented
        label="Rows"
        segments={DENSITIES}
        value={density}
        onChange={(value) => changePreferences({ density: value })}
      />
      <label htmlFor={id}>Time zone</label>
      <Select
        id={id}
        value={timeZone ?? ""}
        options={zones}
        onChange={(zone) => changePreferences({ timeZone: zone || null })}
      />
      <span>Keys</span>
      <Switch
        label="Use keys without Ctrl, such as j and ?"
        checked={hasKeys}
        onChange={(isOn) => changePreferences({ hasKeys: isOn })}
      />
    </div>
  );
}

function SignOut() {
  const signOut = async () => {
    try {
      await request("/greenroom/session", { method: "DELETE" });
      window.location.assign("/"); // nothing of this user stays in the memory of the page
    } catch (error) {
      showToast({ kind: "error", text: `You are still signed in: ${messageOf(error)}` });
    }
  };
  return (
    <Button needsServer onClick={signOut}>
      Sign out
    </Button>
  );
}

const GIGABYTE = 1024;

function ServerDetails({ server }: { server: Server }) {
  const folder = useDataFolder();
  const size = folder === undefined ? MISSING : folder.sizeBytes === null ? "Being measured" : bytes(folder.sizeBytes);
  return <Details rows={{ ...serverRows(server), "Size of the data folder": size }} />;
}

function serverRows({ engine, ...server }: Server): Record<string, string> {
  const days = server.retentionDays;
  return {
    Greenroom: server.version,
    Docker: `${engine.version} on ${engine.operatingSystem}, ${engine.cpus} CPUs`,
    Address: server.apiUrl,
    Started: fullTime(server.startedAt),
    "Memory for runs and builds": server.memory ? `${server.memory.limitMbytes / GIGABYTE} GB per user` : MISSING,
    "Disk limit of runs": DISK[engine.disk] ?? engine.disk,
    Retention: days === null ? "Nothing is deleted by age" : `Runs and unnamed storages are deleted after ${days} days`,
    Proxy: server.proxyUrl ?? "Off",
    ...(server.clockAheadSecs > 0 ? { "Clock of schedules": `${Math.round(server.clockAheadSecs)} s ahead` } : {}),
  };
}

const DISK: Record<string, string> = {
  hard: "Enforced by the engine",
  polled: "Measured, and enforced by stopping the run",
  none: "Not enforced",
};
