import { useIsFetching, useQueries, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Command } from "cmdk";
import { Box, Database, Keyboard, type LucideIcon, PanelLeft, Play, RefreshCw, SunMoon } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { type ReactNode, useDeferredValue, useState } from "react";
import { actorsQuery } from "@/api/actors";
import { FOUND_RUNS_KEY, foundRunsQuery } from "@/api/palette";
import { pagePath, type StorageKind, storageChoicesQuery } from "@/api/storageRecords";
import { withoutOwner } from "@/format/names";
import { shortTime } from "@/format/times";
import { retryNow } from "@/live/events";
import { runPath } from "@/runs/paths";
import { KINDS, nameOf } from "@/storages/kinds";
import { StatusPill } from "@/ui/StatusPill";
import { isKeysDialogOpen, toggleSidebar, toggleTheme } from "./globalKeys";
import { PAGES } from "./navigation";
import styles from "./Palette.module.css";
import { type PaletteScope, palette } from "./paletteState";

const MAX_SHOWN = 8;
const STORAGE_KINDS = Object.keys(KINDS) as StorageKind[];

/** Jumps to anything: a run, an Actor, a storage, a page or an action. */
export function Palette({ scope }: { scope: NonNullable<PaletteScope> }) {
  const [text, setText] = useState("");
  const navigate = useNavigate();
  const isSearching = useIsFetching({ queryKey: FOUND_RUNS_KEY }) > 0;
  const close = () => palette.set(null);
  const open = (href: string) => {
    close();
    void navigate({ href });
  };
  const isStart = scope === "start";
  const placeholder = isStart ? "Which Actor?" : "Run ID, Actor, storage, page or action";
  return (
    <Radix.Root open onOpenChange={(isOpen) => !isOpen && close()}>
      <Radix.Portal>
        <Radix.Overlay className={styles.scrim} />
        <Radix.Content className={styles.dialog} aria-describedby={undefined}>
          <Radix.Title className="visually-hidden">{isStart ? "Start a run" : "Jump to anything"}</Radix.Title>
          <Command label={placeholder} shouldFilter={false} loop>
            <Command.Input className={styles.input} value={text} onValueChange={setText} placeholder={placeholder} />
            <Command.List className={styles.list}>
              <Command.Empty className={styles.empty}>
                {isSearching ? "Searching" : `Nothing matches “${text}”.`}
              </Command.Empty>
              {!isStart && <Pages text={text} open={open} />}
              <Actors text={text} open={open} title={isStart ? "Start" : "Actors"} isAll={isStart} />
              {!isStart && <Runs text={text} open={open} />}
              {!isStart && <Storages text={text} open={open} />}
              {!isStart && <Actions text={text} />}
            </Command.List>
          </Command>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

type GroupProps = { text: string; open: (href: string) => void };

const ACTIONS: { label: string; icon: LucideIcon; run: () => void; note?: string }[] = [
  { label: "Start a run", icon: Play, run: () => palette.set("start") },
  { label: "Switch the theme", icon: SunMoon, run: toggleTheme, note: "t" },
  { label: "Narrow or widen the sidebar", icon: PanelLeft, run: toggleSidebar, note: "[" },
  { label: "Show all keys", icon: Keyboard, run: () => isKeysDialogOpen.set(true), note: "?" },
  { label: "Connect to the server again", icon: RefreshCw, run: retryNow },
];

function Actions({ text }: { text: string }) {
  const shown = ACTIONS.filter(({ label }) => text !== "" && startsWords(text, label));
  return (
    <Group title="Actions">
      {shown.map(({ label, icon: Icon, run, note }) => {
        const select = () => {
          palette.set(null);
          run();
        };
        return (
          <Item
            key={label}
            id={label}
            icon={<Icon />}
            label={label}
            note={note && <kbd>{note}</kbd>}
            onSelect={select}
          />
        );
      })}
    </Group>
  );
}

function Pages({ text, open }: GroupProps) {
  return (
    <Group title="Pages">
      {PAGES.filter(({ label }) => startsWords(text, label)).map(({ to, label, icon: Icon, key }) => (
        <Item
          key={to}
          id={to}
          icon={<Icon />}
          label={label}
          note={key && <kbd>g {key}</kbd>}
          onSelect={() => open(to)}
        />
      ))}
    </Group>
  );
}

function Actors({ text, open, title, isAll }: GroupProps & { title: string; isAll: boolean }) {
  const actors = useQuery(actorsQuery).data?.items ?? [];
  const found = actors.filter(({ id, name, username }) => matches(text, `${username}/${name}`, id));
  return (
    <Group title={title}>
      {(isAll ? found : text === "" ? [] : found.slice(0, MAX_SHOWN)).map(({ id, name, username }) => (
        <Item key={id} id={id} icon={<Box />} label={name} note={username} onSelect={() => open(`/actors/${id}`)} />
      ))}
    </Group>
  );
}

function Runs({ text, open }: GroupProps) {
  const searched = useDeferredValue(text.trim());
  const { data: found = [], isPlaceholderData } = useQuery(foundRunsQuery(searched));
  // Enter must not open a run that was found for another text.
  const isOutdated = isPlaceholderData || searched !== text.trim();
  const runs = isOutdated ? found.filter(({ id, actorName }) => matches(text, id, actorName ?? "")) : found;
  return (
    <Group title={text === "" ? "Latest runs" : "Runs"}>
      {runs.map((run) => (
        <Item
          key={run.id}
          id={run.id}
          icon={<StatusPill status={run.status} small />}
          label={run.actorName === null ? run.actorId : withoutOwner(run.actorName)}
          note={
            <>
              <code>{run.id}</code> {shortTime(run.startedAt)}
            </>
          }
          onSelect={() => open(runPath(run))}
        />
      ))}
    </Group>
  );
}

function Storages({ text, open }: GroupProps) {
  const isSearched = text !== "";
  const lists = useQueries({
    queries: STORAGE_KINDS.map((kind) => ({ ...storageChoicesQuery(kind), enabled: isSearched })),
  });
  const storages = STORAGE_KINDS.flatMap((kind, index) =>
    (lists[index]?.data ?? []).map((storage) => ({ ...storage, kind, label: nameOf(storage) })),
  );
  const found = storages.filter(
    ({ id, name, kind }) => isSearched && (matches(text, name ?? "", KINDS[kind].word) || id.startsWith(text)),
  );
  return (
    <Group title="Storages">
      {found.slice(0, MAX_SHOWN).map(({ id, kind, label }) => (
        <Item
          key={id}
          id={id}
          icon={<Database />}
          label={label}
          note={KINDS[kind].word}
          onSelect={() => open(pagePath(kind, id))}
        />
      ))}
    </Group>
  );
}

function Group({ title, children }: { title: string; children: ReactNode[] }) {
  if (children.length === 0) return null;
  return (
    <Command.Group heading={title} className={styles.group}>
      {children}
    </Command.Group>
  );
}

type ItemProps = { id: string; icon: ReactNode; label: string; note?: ReactNode; onSelect: () => void };

function Item({ id, icon, label, note, onSelect }: ItemProps) {
  return (
    <Command.Item value={id} className={styles.item} onSelect={onSelect}>
      {icon}
      <span className={styles.label}>{label}</span>
      {note && <span className={styles.note}>{note}</span>}
    </Command.Item>
  );
}

/** Whether each word of a text occurs in one of the names. */
function matches(text: string, ...names: string[]): boolean {
  const all = names.join(" ").toLowerCase();
  return text
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}

/** Whether words of a label begin with the words of a text. */
function startsWords(text: string, label: string): boolean {
  const words = label.toLowerCase().split(/[\s-]+/);
  return text
    .trim()
    .toLowerCase()
    .split(/\s+/)
    .every((start) => words.some((word) => word.startsWith(start)));
}
