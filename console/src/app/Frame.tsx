import { Outlet, useLocation } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useKeys } from "@/ui/keys";
import { mainPane } from "@/ui/mainPane";
import styles from "./Frame.module.css";
import { useGlobalKeys } from "./globalKeys";
import { Overlays } from "./Overlays";
import { Sidebar } from "./Sidebar";
import { TopBar } from "./TopBar";

/** What surrounds every page: the sidebar, the top bar, the command palette, and the place of toasts. */
export function Frame() {
  const [isDrawerOpen, setDrawerOpen] = useState(false);
  const { pathname } = useLocation();
  const sidebar = useRef<HTMLElement>(null);
  useGlobalKeys();
  useKeys({ escape: () => (isDrawerOpen ? setDrawerOpen(false) : false) });
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new page closes the drawer, and begins at its top
  useEffect(() => {
    setDrawerOpen(false);
    mainPane.current?.scrollTo({ top: 0 });
  }, [pathname]);
  useEffect(() => {
    if (isDrawerOpen) sidebar.current?.querySelector("a")?.focus();
  }, [isDrawerOpen]);
  return (
    <div className={styles.frame} data-drawer={isDrawerOpen}>
      {/* biome-ignore lint/a11y/useValidAnchor: it goes to the content as any skip link, but leaves the fragment alone */}
      <a href="#main" className={styles.skip} onClick={skip}>
        Skip to the content
      </a>
      <Sidebar ref={sidebar} />
      {isDrawerOpen && (
        <button
          type="button"
          className={styles.scrim}
          aria-label="Close the menu"
          onClick={() => setDrawerOpen(false)}
        />
      )}
      <div className={styles.column} inert={isDrawerOpen}>
        <TopBar onMenu={() => setDrawerOpen(true)} />
        <main id="main" ref={mainPane} className={styles.main} tabIndex={-1}>
          <Outlet />
        </main>
      </div>
      <Overlays />
    </div>
  );
}

/** Move the focus without a fragment in the address, since fragments are the tabs of pages. */
function skip(event: { preventDefault: () => void }): void {
  event.preventDefault();
  mainPane.current?.focus();
}
