import { ChevronDown, ChevronUp, Copy, Download, ListFilter, Search, WrapText } from "lucide-react";
import type { ReactNode, RefObject } from "react";
import { request } from "@/api/client";
import { messageOf } from "@/api/errors";
import { count, plural } from "@/format/numbers";
import { Button, IconButton } from "@/ui/Button";
import { copyText } from "@/ui/CopyButton";
import { Menu, MenuCheckItem, MenuItem, MenuSeparator } from "@/ui/Menu";
import { showToast } from "@/ui/toasts";
import styles from "./LogViewer.module.css";
import { LEVELS, type Level } from "./search";
import { plainText } from "./text";

export type Found = {
  /** How many lines match; undefined while the search runs. */
  total: number | undefined;
  /** The position of the current match among them, from 1 on. */
  position: number | null;
  go: (step: 1 | -1) => void;
};

type Props = {
  jobId: string;
  totalLines: number | null;
  text: string;
  onText: (text: string) => void;
  input: RefObject<HTMLInputElement | null>;
  found: Found | null;
  levels: Level[];
  onLevels: (levels: Level[]) => void;
  isWrapped: boolean;
  onWrap: () => void;
  hint?: ReactNode;
  actions?: ReactNode;
};

export function LogToolbar(props: Props) {
  return (
    <div className={styles.toolbar}>
      <SearchField {...props} />
      <LevelMenu {...props} />
      {props.hint && <span className={styles.hint}>{props.hint}</span>}
      <div className={styles.actions}>
        {props.actions}
        <Button
          variant="quiet"
          small
          className={styles.labelled}
          icon={<WrapText aria-hidden />}
          aria-label="Wrap"
          aria-pressed={props.isWrapped}
          onClick={props.onWrap}
        >
          <span>Wrap</span>
        </Button>
        <CopyMenu jobId={props.jobId} />
        <DownloadMenu jobId={props.jobId} />
      </div>
    </div>
  );
}

function SearchField({ text, onText, found, totalLines, input }: Props) {
  const press = (key: string, shiftKey: boolean) => {
    if (key === "Enter") found?.go(shiftKey ? -1 : 1);
    if (key === "Escape") onText("");
  };
  return (
    <search className={styles.search}>
      <Search aria-hidden />
      <input
        ref={input}
        value={text}
        aria-label="Find in the log"
        placeholder={totalLines === null ? "Find in the log" : `Find in ${plural(totalLines, "line")}`}
        onChange={(event) => onText(event.target.value)}
        onKeyDown={(event) => press(event.key, event.shiftKey)}
      />
      {text !== "" && found && (
        <>
          <span className={styles.matches} role="status">
            {matchText(found)}
          </span>
          <IconButton
            variant="quiet"
            small
            label="Previous match (N)"
            icon={<ChevronUp aria-hidden />}
            disabled={!found.total}
            onClick={() => found.go(-1)}
          />
          <IconButton
            variant="quiet"
            small
            label="Next match (n)"
            icon={<ChevronDown aria-hidden />}
            disabled={!found.total}
            onClick={() => found.go(1)}
          />
        </>
      )}
    </search>
  );
}

function matchText({ total, position }: Found): string {
  if (total === undefined) return "Searching";
  if (total === 0) return "No match";
  return position === null ? plural(total, "line") : `${count(position)} of ${count(total)}`;
}

function LevelMenu({ levels, onLevels }: Props) {
  const label = levels.length === 0 || levels.length === LEVELS.length ? "All levels" : levels.join(", ");
  const toggle = (level: Level, isChecked: boolean) =>
    onLevels(LEVELS.filter((each) => (each === level ? isChecked : levels.includes(each))));
  return (
    <Menu
      label="Show only lines of these levels"
      trigger={
        <Button variant="quiet" small className={styles.labelled} icon={<ListFilter aria-hidden />} aria-label={label}>
          <span>{label}</span>
        </Button>
      }
    >
      {LEVELS.map((level) => (
        <MenuCheckItem
          key={level}
          isChecked={levels.includes(level)}
          onChange={(isChecked) => toggle(level, isChecked)}
        >
          {LEVEL_LABELS[level]}
        </MenuCheckItem>
      ))}
      <MenuSeparator />
      <MenuItem onSelect={() => onLevels([])}>All levels</MenuItem>
    </Menu>
  );
}

const LEVEL_LABELS: Record<Level, string> = {
  ERROR: "Errors",
  WARN: "Warnings",
  INFO: "Information",
  DEBUG: "Debugging",
  SYS: "Messages of the platform",
};

function CopyMenu({ jobId }: { jobId: string }) {
  return (
    <Menu
      trigger={
        <Button variant="quiet" small className={styles.labelled} icon={<Copy aria-hidden />} aria-label="Copy the log">
          <span>Copy</span>
        </Button>
      }
    >
      <MenuItem onSelect={() => void copyLog(jobId, true)}>Copy the log with times</MenuItem>
      <MenuItem onSelect={() => void copyLog(jobId, false)}>Copy the log without times</MenuItem>
      <MenuItem onSelect={() => void copyText(`greenroom logs ${jobId}`)}>Copy the command</MenuItem>
    </Menu>
  );
}

function DownloadMenu({ jobId }: { jobId: string }) {
  const open = (query: string) =>
    window.open(`/v2/logs/${jobId}?${query}`, query.includes("download") ? "_self" : "_blank");
  return (
    <Menu
      trigger={
        <Button
          variant="quiet"
          small
          className={styles.labelled}
          icon={<Download aria-hidden />}
          aria-label="Download the log"
        >
          <span>Download</span>
        </Button>
      }
    >
      <MenuItem onSelect={() => open("download=1")}>Download as text</MenuItem>
      <MenuItem onSelect={() => open("download=1&raw=1")}>Download with color codes</MenuItem>
      <MenuItem onSelect={() => open("raw=1")}>Open the raw log in a new tab</MenuItem>
    </Menu>
  );
}

async function copyLog(jobId: string, withTimes: boolean): Promise<void> {
  try {
    const lines = (await (await request(`/v2/logs/${jobId}`)).text()).trimEnd().split("\n");
    const text = lines.map((line) => plainText(line, withTimes)).join("\n");
    if (await copyText(text)) showToast({ kind: "done", text: `Copied ${plural(lines.length, "line")}.` });
  } catch (error) {
    showToast({ kind: "error", text: `The log could not be read: ${messageOf(error)}` });
  }
}
