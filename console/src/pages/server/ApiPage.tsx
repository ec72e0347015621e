import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { ArrowLeft } from "lucide-react";
import { type DocumentName, documentQuery, type OpenApiDocument, PATHS } from "@/api/documents";
import { QueryError } from "@/ui/ErrorNote";
import { Page } from "@/ui/Page";
import { Prose } from "@/ui/Prose";
import { SearchField } from "@/ui/SearchField";
import { Segmented } from "@/ui/Segmented";
import { Skeleton } from "@/ui/Skeleton";
import styles from "./api/Api.module.css";
import { OperationList } from "./api/OperationList";
import { OperationView } from "./api/OperationView";
import { matching, operationsOf } from "./api/operations";

type Place = { document?: DocumentName; q?: string; operation?: string };

/** Both OpenAPI documents of the server, with requests to send. */
export function ApiPage() {
  const place = useSearch({ strict: false }) as Place;
  const navigate = useNavigate();
  const name: DocumentName = place.document === "local" ? "local" : "platform";
  const { data, error, refetch } = useQuery(documentQuery(name));
  const goTo = (changes: Place, replace = false) =>
    void navigate({ to: "/api", search: { ...place, ...changes }, replace });
  return (
    <Page title="API" note={data && `version ${data.info.version}`} actions={<Raw name={name} />}>
      <div className={styles.bar}>
        <Segmented
          label="Document"
          value={name}
          segments={[
            { value: "platform", label: "Apify API, /v2" },
            { value: "local", label: "Greenroom, /greenroom" },
          ]}
          onChange={(document) =>
            void navigate({ to: "/api", search: { document, ...(place.q ? { q: place.q } : {}) } })
          }
        />
        <SearchField
          value={String(place.q ?? "")}
          label="Search the operations"
          placeholder="Search operations"
          keyHint="/"
          onChange={(text) => goTo({ q: text || undefined } as Place, true)}
        />
      </div>
      {error && <QueryError error={error} refetch={refetch} />}
      {!data && !error && <Skeleton lines={8} height={24} />}
      {data && <Document document={data} place={place} name={name} />}
    </Page>
  );
}

function Document({ document, place, name }: { document: OpenApiDocument; place: Place; name: DocumentName }) {
  const operations = operationsOf(document);
  const shown = operations.find(({ id }) => id === place.operation);
  const search = (operation?: string) => ({
    document: name,
    ...(place.q ? { q: place.q } : {}),
    ...(operation ? { operation } : {}),
  });
  return (
    <div className={styles.split} data-open={shown !== undefined}>
      <OperationList
        operations={matching(operations, String(place.q ?? ""))}
        current={shown?.id ?? null}
        search={search}
      />
      <div className={styles.detail}>
        {shown ? (
          <>
            <Link to="/api" search={search()} className={styles.back}>
              <ArrowLeft aria-hidden />
              All operations
            </Link>
            <OperationView key={shown.id} operation={shown} />
          </>
        ) : (
          <p className={styles.note}>
            <Prose text={document.info.description ?? ""} /> Select an operation to read what it does and to send a
            request.
          </p>
        )}
      </div>
    </div>
  );
}

function Raw({ name }: { name: DocumentName }) {
  return (
    <a href={PATHS[name]} target="_blank" rel="noreferrer">
      OpenAPI document
    </a>
  );
}
