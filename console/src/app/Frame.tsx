import { Outlet, useLocation } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { mainPane } from "@/ui/mainPane";
import { useStore } from "@/ui/store";
import { Toasts } from "@/ui/Toasts";
import styles from "./Frame.module.css";
import { preferences } from "./preferences";
import { Sidebar } from "./Sidebar";
import { TopBar } from "./TopBar";

/** What surrounds every page: the sidebar, the top bar, and the place of toasts. */
export function Frame() {
  const { isSidebarNarrow } = useStore(preferences);
  const [isDrawerOpen, setDrawerOpen] = useState(false);
  const { pathname } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new page closes the drawer
  useEffect(() => setDrawerOpen(false), [pathname]);
  return (
    <div className={styles.frame} data-narrow={isSidebarNarrow} data-drawer={isDrawerOpen}>
      <a href="#main" className={styles.skip}>
        Skip to the content
      </a>
      <Sidebar />
      {isDrawerOpen && (
        <button
          type="button"
          className={styles.scrim}
          aria-label="Close the menu"
          onClick={() => setDrawerOpen(false)}
        />
      )}
      <div className={styles.column}>
        <TopBar onMenu={() => setDrawerOpen(true)} />
        <main id="main" ref={mainPane} className={styles.main} tabIndex={-1}>
          <Outlet />
        </main>
      </div>
      <Toasts />
    </div>
  );
}
