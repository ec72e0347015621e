import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import type { ActorRecord } from "@/api/actors";
import { body, local } from "@/api/client";
import { messageOf } from "@/api/errors";
import { serverQuery } from "@/api/server";
import { Button } from "@/ui/Button";
import { CommandLine } from "@/ui/CommandLine";
import { Field, TextInput } from "@/ui/Field";
import { Section } from "@/ui/Page";
import { showToast } from "@/ui/toasts";
import styles from "./SettingsTab.module.css";

/** The local folder whose current files each run mounts. Only the operator of the server can set it. */
export function DevFolder({ actor }: { actor: ActorRecord }) {
  const server = useQuery(serverQuery).data;
  return (
    <Section
      title="Development folder"
      note="Its current files replace those of the image in each run, without a new build"
    >
      {server?.isOperator ? (
        <FolderForm actor={actor} />
      ) : (
        <div>
          <p>Only the operator of the server can set it. Open the console with “greenroom open”, or type:</p>
          <CommandLine command="greenroom push --dev ./my-actor" />
        </div>
      )}
    </Section>
  );
}

function FolderForm({ actor }: { actor: ActorRecord }) {
  const id = useId();
  const queries = useQueryClient();
  const path = { params: { path: { actor: actor.id } } };
  const queryKey = ["actor", actor.id, "dev-folder"];
  const { data, error } = useQuery({
    queryKey,
    queryFn: ({ signal }) => body(local.GET("/greenroom/actors/{actor}/dev-folder", { ...path, signal })),
  });
  const [typed, setTyped] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const folder = typed ?? data?.folder ?? "";
  const act = async (change: () => Promise<unknown>, done: string) => {
    try {
      await change();
      showToast({ kind: "done", text: done });
      setProblem(null);
      setTyped(null);
      await queries.invalidateQueries({ queryKey });
    } catch (cause) {
      setProblem(messageOf(cause));
    }
  };
  const set = () => body(local.PUT("/greenroom/actors/{actor}/dev-folder", { ...path, body: { folder } }));
  const remove = () => body(local.DELETE("/greenroom/actors/{actor}/dev-folder", path));
  return (
    <div className={styles.fields}>
      <Field label="Folder" htmlFor={id} error={problem ?? (error ? messageOf(error) : null)}>
        <TextInput
          id={id}
          isMono
          isInvalid={problem !== null}
          value={folder}
          placeholder="/home/you/my-actor"
          onChange={(event) => setTyped(event.target.value)}
        />
      </Field>
      <div className={styles.line}>
        <Button
          disabled={folder === "" || folder === data?.folder}
          onClick={() => void act(set, "New runs mount the folder.")}
        >
          Set the folder
        </Button>
        {data?.folder && (
          <Button variant="quiet" onClick={() => void act(remove, "New runs use the files of their images.")}>
            Remove
          </Button>
        )}
      </div>
    </div>
  );
}
