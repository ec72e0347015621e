import { type ReactNode, useEffect, useRef } from "react";
import { mainPane } from "@/ui/mainPane";
import { createStore } from "@/ui/store";
import styles from "./Page.module.css";

type Crumb = { label: string; href?: string };

/** What the top bar shows of the current page. */
export const topBar = createStore<{ title: string; crumbs: Crumb[]; id?: string }>({ title: "", crumbs: [] });

type Props = {
  title: string;
  /** The way to this page, without the page itself. */
  crumbs?: Crumb[];
  /** The id of what the page shows, which the top bar offers to copy. */
  id?: string;
  /** What stands before the title, such as a status. */
  lead?: ReactNode;
  /** What stands after the title, such as a build number and times. */
  note?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
};

/** A page with its one `h1`. A new page gets the focus at its title. */
export function Page({ title, crumbs = [], id, lead, note, actions, children }: Props) {
  const heading = useRef<HTMLHeadingElement>(null);
  const way = JSON.stringify([...crumbs, ...(id === undefined || crumbs.length === 0 ? [{ label: title }] : [])]);
  useEffect(() => {
    document.title = `${title} · Greenroom`;
    topBar.set({ title, crumbs: JSON.parse(way) as Crumb[], ...(id === undefined ? {} : { id }) });
  }, [title, way, id]);
  useEffect(() => {
    const isUsed = mainPane.current?.contains(document.activeElement) && document.activeElement !== mainPane.current;
    if (!isUsed && !isInDialog()) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <>
      <header className={styles.header}>
        {lead}
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {note && <div className={styles.note}>{note}</div>}
        {actions && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </>
  );
}

function isInDialog(): boolean {
  return document.activeElement?.closest("[role=dialog]") != null;
}

/** A part of a page with a title of its own. */
export function Section({
  title,
  note,
  actions,
  children,
}: {
  title: string;
  note?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className={styles.section}>
      <div className={styles.sectionHead}>
        <h2>{title}</h2>
        {note && <span className={styles.note}>{note}</span>}
        {actions && <div className={styles.actions}>{actions}</div>}
      </div>
      {children}
    </section>
  );
}

/** Filters, searches and views above a table. */
export function Toolbar({ children }: { children: ReactNode }) {
  return <div className={styles.toolbar}>{children}</div>;
}

/** A frame around a part of a page. */
export function Card({ children }: { children: ReactNode }) {
  return <div className={styles.card}>{children}</div>;
}

/** The padding of a page around content that does not reach its edges. */
export function Padded({ children }: { children: ReactNode }) {
  return <div className={styles.padded}>{children}</div>;
}
