import { useQuery } from "@tanstack/react-query";
import { actorsQuery } from "@/api/actors";
import { type RunFilter, runCountsQuery } from "@/api/runs";
import { FilterChip } from "@/ui/FilterChip";
import { MenuItem } from "@/ui/Menu";
import { Toolbar } from "@/ui/Page";
import { SearchField } from "@/ui/SearchField";
import { Segmented } from "@/ui/Segmented";
import { LiveDot, statusLabel } from "@/ui/StatusPill";
import { ORIGINS } from "./origins";
import styles from "./RunList.module.css";
import { StartedChip } from "./StartedChip";
import type { Changes } from "./search";

const SEGMENTS = ["", "LIVE", "SUCCEEDED", "FAILED", "TIMED-OUT", "ABORTED"];

type Props = { filter: RunFilter; fixed: RunFilter; onChange: (changes: Changes) => void };

/** The filters of a list of runs, with the number of runs in each status. */
export function RunToolbar({ filter, fixed, onChange }: Props) {
  const { data: counts } = useQuery(runCountsQuery(filter));
  const current = filter.status ?? "";
  const statuses = SEGMENTS.includes(current) ? SEGMENTS : [...SEGMENTS, current];
  return (
    <Toolbar>
      <Segmented
        label="Status"
        value={current}
        onChange={(status) => onChange({ status })}
        segments={statuses.map((value) => ({
          value,
          label: value === "" ? "All" : value === "LIVE" ? "Live" : statusLabel(value),
          icon: value === "LIVE" ? <LiveDot /> : undefined,
          count: counts?.[value || "ALL"],
        }))}
      />
      {fixed.actor === undefined && fixed.task === undefined && <ActorChip filter={filter} onChange={onChange} />}
      <OriginChip filter={filter} onChange={onChange} />
      <StartedChip filter={filter} onChange={onChange} />
      <SearchField
        className={styles.search}
        value={filter.q ?? ""}
        label="Search runs"
        placeholder="Actor, run ID or message"
        onChange={(q) => onChange({ q })}
      />
    </Toolbar>
  );
}

type ChipProps = Omit<Props, "fixed">;

function ActorChip({ filter, onChange }: ChipProps) {
  const actors = useQuery(actorsQuery).data?.items ?? [];
  const found = actors.find(({ id, name, username }) => [id, `${username}~${name}`].includes(filter.actor ?? ""));
  return (
    <FilterChip label="Actor" value={found?.name ?? filter.actor} onClear={() => onChange({ actor: "" })}>
      {actors.map(({ id, name, username }) => (
        <MenuItem key={id} onSelect={() => onChange({ actor: `${username}~${name}` })}>
          {name}
        </MenuItem>
      ))}
      {actors.length === 0 && (
        <MenuItem disabled onSelect={() => {}}>
          No Actors yet
        </MenuItem>
      )}
    </FilterChip>
  );
}

function OriginChip({ filter, onChange }: ChipProps) {
  const value = filter.origin && ORIGINS[filter.origin];
  return (
    <FilterChip label="Origin" value={value} onClear={() => onChange({ origin: "" })}>
      {Object.entries(ORIGINS).map(([origin, label]) => (
        <MenuItem key={origin} onSelect={() => onChange({ origin })}>
          {label}
        </MenuItem>
      ))}
    </FilterChip>
  );
}
