import { useQuery } from "@tanstack/react-query";
import { Link, useLocation } from "@tanstack/react-router";
import { clsx } from "clsx";
import { Search } from "lucide-react";
import { Fragment, type Ref } from "react";
import { serverQuery } from "@/api/server";
import { Bar } from "@/ui/MemoryBar";
import { ENTRIES, type Entry, SERVER_ENTRIES } from "./navigation";
import { openPalette } from "./paletteState";
import styles from "./Sidebar.module.css";

export function Sidebar({ ref }: { ref: Ref<HTMLElement> }) {
  const { data: server } = useQuery(serverQuery);
  return (
    <nav ref={ref} className={styles.sidebar} aria-label="Main">
      <div className={styles.brand}>
        <Mark />
        <div className={styles.wide}>
          <div className={styles.name}>Greenroom</div>
          <div className={styles.host}>{server && `${server.user?.username ?? "local"} · ${window.location.host}`}</div>
        </div>
      </div>
      <button type="button" className={styles.search} onClick={() => openPalette()} aria-label="Search">
        <Search aria-hidden />
        <span className={styles.wide}>Search</span>
        <kbd className={styles.wide}>Ctrl K</kbd>
      </button>
      <Entries entries={ENTRIES} live={server?.liveRuns ?? 0} />
      <h2 className={clsx(styles.group, styles.wide)}>Server</h2>
      <Entries entries={SERVER_ENTRIES} live={0} />
      <Footer />
    </nav>
  );
}

/** The icon of the tab in the colors of the theme. */
function Mark() {
  return (
    <svg viewBox="0 0 24 24" width={24} height={24} aria-hidden className={styles.mark}>
      <rect width="24" height="24" rx="6" fill="currentcolor" />
      <path d="M7 19V9.5a5 5 0 0 1 10 0V19M4.5 19h15M12 19V8.5" />
      <circle cx="14.3" cy="13.6" r=".9" />
    </svg>
  );
}

function Entries({ entries, live }: { entries: Entry[]; live: number }) {
  return (
    <ul className={styles.entries}>
      {entries.map((entry) => (
        <Fragment key={entry.label}>
          <li>
            <EntryLink entry={entry} />
            {entry.label === "Runs" && live > 0 && <span className={clsx(styles.live, styles.wide)}>{live} live</span>}
          </li>
          {entry.children?.map((child) => (
            <li key={child.label} className={styles.wide}>
              <EntryLink entry={child} isChild />
            </li>
          ))}
        </Fragment>
      ))}
    </ul>
  );
}

/** The pages of one Actor, but not those of its runs. */
const ACTOR_PAGE = /^\/actors\/(?!runs(?:\/|$)|tasks(?:\/|$))[^/]+(?!\/runs\/)(?:\/|$)/;

function EntryLink({ entry, isChild = false }: { entry: Entry; isChild?: boolean }) {
  const Icon = isChild ? null : entry.icon;
  const { pathname } = useLocation();
  const isOfActor = entry.to === "/actors" && ACTOR_PAGE.test(pathname);
  return (
    <Link
      to={entry.to}
      className={clsx(styles.entry, !Icon && styles.child, isOfActor && styles.active)}
      activeOptions={{ exact: entry.to === "/actors" || entry.to === "/storage", includeSearch: false }}
      activeProps={{ className: styles.active }}
      title={entry.label}
    >
      {Icon && <Icon aria-hidden />}
      <span className={Icon ? styles.wide : undefined}>{entry.label}</span>
    </Link>
  );
}

const MEGABYTES_PER_GIGABYTE = 1024;

function Footer() {
  const { data: server } = useQuery(serverQuery);
  if (!server?.memory) return <div className={clsx(styles.footer, styles.wide)} />;
  const { usedMbytes, limitMbytes } = server.memory;
  const gigabytes = (mbytes: number) => mbytes / MEGABYTES_PER_GIGABYTE;
  return (
    <div className={clsx(styles.footer, styles.wide)}>
      <div className={styles.line}>
        <span>Memory granted</span>
        <span>
          <b>{gigabytes(usedMbytes).toFixed(2)}</b> of {Number(gigabytes(limitMbytes).toFixed(2))} GB
        </span>
      </div>
      <div className={styles.bar}>
        <Bar share={usedMbytes / limitMbytes} />
      </div>
      <div className={styles.line}>
        <span className={styles.engine} data-reachable={server.isEngineReachable !== false}>
          {server.isEngineReachable === false
            ? "Docker does not answer"
            : `Docker ${shortVersion(server.engine.version)}`}
        </span>
        <span>{server.version}</span>
      </div>
    </div>
  );
}

/** `20.10.24` of `20.10.24+dfsg1`. */
function shortVersion(version: string): string {
  return /^[\d.]+/.exec(version)?.[0] ?? version;
}
