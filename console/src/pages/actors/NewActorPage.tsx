import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useId, useState } from "react";
import { dataOf, platform } from "@/api/client";
import { messageOf } from "@/api/errors";
import { Button } from "@/ui/Button";
import { CommandLine } from "@/ui/CommandLine";
import { Field, TextInput } from "@/ui/Field";
import { Page, Section } from "@/ui/Page";
import styles from "./NewActorPage.module.css";

const WAYS = [
  ["From a folder on this computer", "greenroom push ./my-actor", "Creates the Actor, or a new build of it."],
  [
    "The same, with the current files in each run",
    "greenroom push --dev ./my-actor",
    "A changed line needs no new build.",
  ],
  ["From a template of Apify", "apify create my-actor", "Then push the folder that it creates."],
  ["With the apify command", "greenroom exec -- apify push", "Uses the server without a login of yours."],
  ["A stand-in for an Actor of Apify Store", "greenroom seed", "Public Actors with the names of well-known ones."],
] as const;

/** How to create an Actor: with a command, or from a repository. */
export function NewActorPage() {
  return (
    <Page title="New Actor" crumbs={[{ label: "Actors", href: "/actors" }]}>
      <Section title="With a command">
        <ul className={styles.ways}>
          {WAYS.map(([title, command, note]) => (
            <li key={command} className={styles.way}>
              <div>
                <h3>{title}</h3>
                <p className={styles.note}>{note}</p>
              </div>
              <CommandLine command={command} />
            </li>
          ))}
        </ul>
      </Section>
      <Section title="From a git repository">
        <RepositoryForm />
      </Section>
    </Page>
  );
}

function RepositoryForm() {
  const id = useId();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [url, setUrl] = useState("");
  const creating = useMutation({
    mutationFn: () => createFromRepository(name, url),
    onSuccess: (actorId) => {
      void queries.invalidateQueries({ queryKey: ["actor", "list"] });
      void navigate({ to: "/actors/$actorId/$tab", params: { actorId, tab: "builds" } });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    creating.mutate();
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      <Field label="Repository" htmlFor={`${id}-url`} note="URL, then # with a branch, then : with a folder.">
        <TextInput
          id={`${id}-url`}
          isMono
          required
          value={url}
          placeholder="https://github.com/user/repository#main:folder"
          onChange={(event) => setUrl(event.target.value)}
        />
      </Field>
      <Field label="Name" htmlFor={`${id}-name`} error={creating.isError ? messageOf(creating.error) : null}>
        <TextInput
          id={`${id}-name`}
          isMono
          required
          isInvalid={creating.isError}
          value={name}
          placeholder="my-actor"
          onChange={(event) => setName(event.target.value.trim())}
        />
      </Field>
      <Button type="submit" variant="primary" isPending={creating.isPending}>
        Create and build
      </Button>
    </form>
  );
}

async function createFromRepository(name: string, gitRepoUrl: string): Promise<string> {
  const sourceType = "GIT_REPO" as const;
  const version = { versionNumber: "0.0", sourceType, gitRepoUrl, buildTag: "latest" };
  const actor = await dataOf(platform.POST("/v2/actors", { body: { name, versions: [version] } }));
  await dataOf(
    platform.POST("/v2/actors/{actorId}/builds", {
      params: { path: { actorId: actor.id }, query: { version: version.versionNumber } },
    }),
  );
  return actor.id;
}
