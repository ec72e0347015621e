import { Link } from "@tanstack/react-router";
import { ChevronRight, Menu, Search } from "lucide-react";
import { Fragment } from "react";
import { connection } from "@/live/connection";
import { IconButton } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { topBar } from "@/ui/Page";
import { useStore } from "@/ui/store";
import { openPalette } from "./palette";
import styles from "./TopBar.module.css";

/** The way to the current page, its id, and the state of the connection. */
export function TopBar({ onMenu }: { onMenu: () => void }) {
  const { crumbs, id } = useStore(topBar);
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

function ConnectionState() {
  const { state, retryInSecs } = useStore(connection);
  const texts = {
    connected: "Connected",
    connecting: "",
    reconnecting: "Reconnecting",
    offline: `Offline: the server does not answer.${retryInSecs ? ` Retrying in ${retryInSecs} s` : ""}`,
  };
  return (
    <span className={styles.connection} data-state={state} role="status">
      {texts[state] && <span className={styles.text}>{texts[state]}</span>}
      {state === "offline" && <code>greenroom up</code>}
    </span>
  );
}
