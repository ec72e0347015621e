import { Link } from "@tanstack/react-router";
import { ChevronRight, Menu, Search } from "lucide-react";
import { Fragment } from "react";
import { connection } from "@/live/connection";
import { retryNow } from "@/live/events";
import { Button, IconButton } from "@/ui/Button";
import { CommandLine } from "@/ui/CommandLine";
import { CopyButton } from "@/ui/CopyButton";
import { topBar } from "@/ui/Page";
import { useStore } from "@/ui/store";
import { openPalette } from "./paletteState";
import styles from "./TopBar.module.css";

/** The way to the current page, its id, and the state of the connection. */
export function TopBar({ onMenu }: { onMenu: () => void }) {
  const { title, crumbs, id } = useStore(topBar);
  return (
    <div className={styles.bar}>
      <IconButton
        variant="quiet"
        label="Open the menu"
        icon={<Menu aria-hidden />}
        className={styles.narrow}
        onClick={onMenu}
      />
      <nav aria-label="Breadcrumb" className={styles.crumbs}>
        <span className={styles.title} aria-hidden>
          {title}
        </span>
        {crumbs.map((crumb, index) => (
          <Fragment key={`${crumb.label}-${crumb.href}`}>
            {index > 0 && <ChevronRight aria-hidden className={styles.separator} />}
            {crumb.href ? (
              <Link to={crumb.href} className={styles.crumb}>
                {crumb.label}
              </Link>
            ) : (
              <span className={styles.current}>{crumb.label}</span>
            )}
          </Fragment>
        ))}
        {id && (
          <span className={styles.id}>
            <ChevronRight aria-hidden className={styles.separator} />
            <code>{id}</code>
            <CopyButton text={id} label="Copy the ID" />
          </span>
        )}
      </nav>
      <ConnectionState />
      <IconButton
        variant="quiet"
        label="Search"
        icon={<Search aria-hidden />}
        className={styles.narrow}
        onClick={() => openPalette()}
      />
    </div>
  );
}

/** Whether the page shows the present. An interruption is named with what to do about it. */
function ConnectionState() {
  const { state, retryInSecs } = useStore(connection);
  const retry = retryInSecs ? `Retrying in ${retryInSecs} s` : "Retrying now";
  return (
    <div className={styles.connection} data-state={state}>
      <span className={styles.text} role="status">
        {state === "connected" && "Connected"}
        {state === "reconnecting" && "Reconnecting"}
        {state === "offline" && (
          <>
            Offline<span className={styles.wide}>: the server does not answer.</span>
          </>
        )}
      </span>
      {state === "offline" && (
        <>
          <span className={styles.wide}>{retry}</span>
          <span className={styles.command}>
            <CommandLine command="greenroom up" />
          </span>
          <Button small onClick={retryNow}>
            Retry
          </Button>
        </>
      )}
    </div>
  );
}
