import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { clsx } from "clsx";
import { File, Folder } from "lucide-react";
import { useRef } from "react";
import { type ActorRecord, type Version, versionQuery } from "@/api/actors";
import { CodeEditor } from "@/editor/CodeEditor";
import { languageOf } from "@/editor/types";
import { CopyButton } from "@/ui/CopyButton";
import { Empty } from "@/ui/Empty";
import { QueryError } from "@/ui/ErrorNote";
import { Details } from "@/ui/Facts";
import { Select } from "@/ui/Field";
import { useListKeys } from "@/ui/listKeys";
import { Section } from "@/ui/Page";
import { Skeleton } from "@/ui/Skeleton";
import { compareVersions } from "./BuildDialog";
import styles from "./SourceTab.module.css";
import { fileNamed, firstFile, type SourceFile, textOfFile, treeOf } from "./sourceTree";

type Place = { version?: string; file?: string };

/** The source of a version: its files or where it comes from, and its environment variables. */
export default function SourceTab({ actor }: { actor: ActorRecord }) {
  const place = useSearch({ strict: false }) as Place;
  const navigate = useNavigate();
  const numbers = actor.versions.map(({ versionNumber }) => versionNumber).sort((a, b) => compareVersions(b, a));
  const number = numbers.includes(String(place.version)) ? String(place.version) : numbers[0];
  const { data, error, refetch } = useQuery({
    ...versionQuery(actor.id, number ?? ""),
    enabled: number !== undefined,
  });
  if (number === undefined) {
    return <Empty command="greenroom push ./my-actor">{actor.name} has no version. Push its source first.</Empty>;
  }
  if (error && !data) return <QueryError error={error} refetch={refetch} />;
  if (!data) return <Skeleton lines={8} />;
  const files = (data as { sourceFiles?: SourceFile[] }).sourceFiles ?? [];
  const goTo = (changes: Place) => {
    const params = { actorId: actor.id, tab: "source" };
    void navigate({ to: "/actors/$actorId/$tab", params, search: { ...place, ...changes } });
  };
  const select = numbers.length > 1 && (
    <Select
      aria-label="Version"
      value={number}
      options={numbers.map((each) => [each, `Version ${each}`] as const)}
      onChange={(version) => goTo({ version })}
    />
  );
  return (
    <>
      <Section title={`Version ${number}`} note={noteOf(data)} actions={select}>
        <Origin version={data} />
      </Section>
      {files.length > 0 && <Files files={files} file={place.file} onFile={(file) => goTo({ file })} />}
      <Variables version={data} />
    </>
  );
}

const KINDS: Record<string, string> = {
  SOURCE_FILES: "Source files",
  GIT_REPO: "Git repository",
  TARBALL: "Archive",
  GITHUB_GIST: "Gist",
};

function noteOf({ sourceType, buildTag, localFolder }: Version & { buildTag?: string | null }): string {
  const kind = localFolder ? "Folder of this computer" : (KINDS[sourceType ?? ""] ?? sourceType ?? "");
  return buildTag ? `${kind}, builds get the tag ${buildTag}` : kind;
}

type Sources = { gitRepoUrl?: string; tarballUrl?: string; gitHubGistUrl?: string; localFolder?: string };

/** Where the source comes from, if it is not stored on the server. */
function Origin({ version }: { version: Version }) {
  const { gitRepoUrl, tarballUrl, gitHubGistUrl, localFolder } = version as Sources;
  const origin = localFolder ?? gitRepoUrl ?? tarballUrl ?? gitHubGistUrl;
  if (!origin) return null;
  return (
    <p className={styles.origin}>
      <code>{origin}</code>
      <CopyButton text={origin} label="Copy the location" />
      {localFolder && <span className={styles.note}>Each build reads the current files of this folder.</span>}
    </p>
  );
}

type FilesProps = { files: SourceFile[]; file: string | undefined; onFile: (path: string) => void };

function Files({ files, file, onFile }: FilesProps) {
  const path = file !== undefined && fileNamed(files, file) ? file : firstFile(files);
  const tree = useRef<HTMLElement>(null);
  useListKeys(tree, "button");
  const shown = path === null ? undefined : fileNamed(files, path);
  const text = shown && textOfFile(shown);
  return (
    <div className={styles.files}>
      <nav ref={tree} aria-label="Files" className={styles.tree}>
        {treeOf(files).map((entry) =>
          entry.isFolder ? (
            <span key={`${entry.path}/`} className={styles.entry} style={{ paddingLeft: 8 + entry.depth * 14 }}>
              <Folder aria-hidden />
              {entry.name}
            </span>
          ) : (
            <button
              key={entry.path}
              type="button"
              className={clsx(styles.entry, entry.path === path && styles.current)}
              style={{ paddingLeft: 8 + entry.depth * 14 }}
              aria-current={entry.path === path ? "true" : undefined}
              onClick={() => onFile(entry.path)}
            >
              <File aria-hidden />
              {entry.name}
            </button>
          ),
        )}
      </nav>
      <div className={styles.code}>
        {typeof text === "string" && path !== null ? (
          <CodeEditor
            key={path}
            language={languageOf(path)}
            label={path}
            value={text}
            isReadOnly
            isBare
            hasLineNumbers
          />
        ) : (
          <Empty>{path} is not a text file.</Empty>
        )}
      </div>
    </div>
  );
}

/** The values of secret variables are stored encrypted, and the server never returns them. */
function Variables({ version }: { version: Version }) {
  const variables = version.envVars ?? [];
  return (
    <Section title="Environment variables" note={variables.length === 0 ? "None" : undefined}>
      {variables.length > 0 && (
        <Details
          rows={Object.fromEntries(
            variables.map(({ name, value, isSecret }) => [
              name,
              isSecret ? <span key={name}>•••••• (secret)</span> : <code key={name}>{value}</code>,
            ]),
          )}
        />
      )}
    </Section>
  );
}
