import { clsx } from "clsx";
import { type ReactNode, useEffect, useRef } from "react";
import { count } from "@/format/numbers";
import styles from "./TabBar.module.css";

export type Tab = { id: string; label: string; count?: number | null | undefined; href: string };

/**
 * Tabs that have addresses of their own. `link` draws one of them, so that each caller uses its router's links.
 * The panel below should be `<div role="tabpanel" aria-labelledby={tabId(id)}>`.
 */
export function TabBar({
  label,
  tabs,
  current,
  onSelect,
}: {
  label: string;
  tabs: Tab[];
  current: string;
  onSelect: (tab: Tab) => void;
}) {
  const bar = useRef<HTMLDivElement>(null);
  const counts = tabs.filter((tab) => tab.count != null).length; // each takes space when it is known
  // biome-ignore lint/correctness/useExhaustiveDependencies: another tab is current, or it has moved
  useEffect(() => showCurrent(bar.current), [current, counts]);
  return (
    <div ref={bar} className={styles.bar} role="tablist" aria-label={label}>
      {tabs.map((tab) => (
        <a
          key={tab.id}
          id={tabId(tab.id)}
          role="tab"
          href={tab.href}
          aria-selected={tab.id === current}
          tabIndex={tab.id === current ? 0 : -1}
          className={clsx(styles.tab, tab.id === current && styles.current)}
          onClick={(event) => {
            if (event.metaKey || event.ctrlKey || event.shiftKey) return;
            event.preventDefault();
            onSelect(tab);
          }}
          onKeyDown={(event) => moveFocus(event.key, event.currentTarget)}
        >
          {tab.label}
          {tab.count != null && <Count>{count(tab.count)}</Count>}
        </a>
      ))}
    </div>
  );
}

export function tabId(id: string): string {
  return `tab-${id}`;
}

function Count({ children }: { children: ReactNode }) {
  return <span className={styles.count}>{children}</span>;
}

/** Scroll the bar until the current tab is in its middle, without scrolling the page. */
function showCurrent(bar: HTMLElement | null): void {
  const tab = bar?.querySelector("[aria-selected=true]");
  if (!bar || !tab) return;
  const [whole, part] = [bar.getBoundingClientRect(), tab.getBoundingClientRect()];
  bar.scrollLeft += part.left - whole.left - (whole.width - part.width) / 2;
}

function moveFocus(key: string, tab: HTMLElement): void {
  const step = key === "ArrowRight" ? 1 : key === "ArrowLeft" ? -1 : 0;
  const tabs = [...(tab.parentElement?.children ?? [])] as HTMLElement[];
  const next = tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length];
  if (step !== 0) next?.focus();
}
