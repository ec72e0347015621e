import { useQuery } from "@tanstack/react-query";
import { KeyRound } from "lucide-react";
import { type EnvironmentVariable, environmentQuery } from "@/api/runDetails";
import { plural } from "@/format/numbers";
import { CopyButton } from "@/ui/CopyButton";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { SearchField } from "@/ui/SearchField";
import { Skeleton } from "@/ui/Skeleton";
import { type Column, Table } from "@/ui/Table";
import { useAddress } from "@/ui/useAddress";
import type { RunTabProps } from "../tabs";
import styles from "./Tabs.module.css";

/** The environment of the run's last container. The server does not send the values of secrets. */
export function EnvironmentTab({ run }: RunTabProps) {
  const { data, error, refetch } = useQuery(environmentQuery(run.id));
  const { get, change } = useAddress();
  if (error && !data) return <QueryError error={error} refetch={refetch} />;
  if (!data) return <Skeleton lines={8} height={24} />;
  if (!data.variables) {
    return <Empty>No environment is stored. The run has had no container yet, or an earlier version started it.</Empty>;
  }
  const find = get("find");
  const wanted = find.trim().toLowerCase();
  const found = data.variables.filter(({ name, value }) => `${name} ${value ?? ""}`.toLowerCase().includes(wanted));
  const plain = data.variables.filter(({ isSecret }) => !isSecret);
  return (
    <>
      <div className={styles.toolbar}>
        <SearchField
          value={find}
          label="Find a variable"
          placeholder="Name or value"
          onChange={(text) => change({ find: text })}
        />
        <span className={styles.quiet}>
          {plural(data.variables.length, "variable")}
          {!data.hasImage && "; the image is gone, so that its own variables are missing"}
        </span>
        <span className={styles.end}>
          <CopyButton
            text={() => plain.map(({ name, value }) => `${name}=${value ?? ""}`).join("\n")}
            label="Copy without secrets"
            withLabel
          />
        </span>
      </div>
      {found.length === 0 ? (
        <Empty>No variable contains “{find}”.</Empty>
      ) : (
        <Table
          label="Environment variables"
          columns={COLUMNS}
          rows={found}
          rowId={({ name }) => name}
          rowLabel={({ name }) => name}
          compact={(variable) => <CompactVariable variable={variable} />}
        />
      )}
    </>
  );
}

const ORIGINS: Record<EnvironmentVariable["origin"], string> = {
  platform: "Platform",
  version: "Version",
  run: "Run",
  image: "Image",
  development: "Debugger",
};

const COLUMNS: Column<EnvironmentVariable>[] = [
  { id: "name", header: "Name", width: 360, cell: ({ name }) => <code>{name}</code> },
  { id: "value", header: "Value", grows: true, cell: (variable) => <Value variable={variable} /> },
  { id: "origin", header: "Origin", width: 120, cell: ({ origin }) => ORIGINS[origin] },
];

function Value({ variable: { value, isSecret } }: { variable: EnvironmentVariable }) {
  if (isSecret) {
    return (
      <span className={styles.secret}>
        <KeyRound aria-hidden />
        Secret, not shown
      </span>
    );
  }
  if (value === "") return <span className={styles.quiet}>Empty</span>;
  return <code title={value ?? undefined}>{value}</code>;
}

function CompactVariable({ variable }: { variable: EnvironmentVariable }) {
  return (
    <span className={styles.compact}>
      <code className={styles.strong}>{variable.name}</code>
      <span className={styles.quiet}>{ORIGINS[variable.origin]}</span>
      <span className={styles.line}>
        <Value variable={variable} />
      </span>
    </span>
  );
}
