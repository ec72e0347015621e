import { useQuery } from "@tanstack/react-query";
import { userQuery } from "@/api/account";
import type { Json } from "@/json/exact";
import { Select } from "@/ui/Field";
import { useDraft } from "../values/draft";
import { formatProxy, type ProxyDraft, parseProxy } from "../values/proxies";
import { countryOptions } from "./countries";
import styles from "./editors.module.css";
import { MultiSelect } from "./MultiSelect";
import { controlProps } from "./texts";
import type { EditorProps } from "./types";

const MODES = [
  ["automatic", "Apify Proxy: automatic"],
  ["groups", "Apify Proxy: selected groups"],
  ["custom", "Your own proxies"],
  ["none", "No proxy"],
] as const;

export function ProxyField(props: EditorProps) {
  const { id, label, value, isInvalid, isDisabled, describedBy } = props;
  const [draft, setDraft] = useDraft<ProxyDraft>({
    ...props,
    format: formatProxy,
    parse: (next): { value: Json } => ({ value: parseProxy(next, value) }),
  });
  const usesApify = draft.mode === "automatic" || draft.mode === "groups";
  return (
    <div className={styles.rows}>
      <div className={styles.pair}>
        <Select
          {...controlProps(props)}
          value={draft.mode}
          options={MODES}
          onChange={(mode) => setDraft({ ...draft, mode: mode as ProxyDraft["mode"] })}
        />
        {usesApify && (
          <Select
            aria-label={`${label}: country`}
            disabled={isDisabled}
            value={draft.country}
            options={countryOptions(draft.country)}
            onChange={(country) => setDraft({ ...draft, country })}
          />
        )}
      </div>
      {draft.mode === "groups" && (
        <Groups {...props} chosen={draft.groups} onChosen={(groups) => setDraft({ ...draft, groups })} />
      )}
      {draft.mode === "custom" && (
        <textarea
          className={styles.textarea}
          aria-label={`${label}: URLs, one a line`}
          aria-invalid={isInvalid || undefined}
          aria-describedby={describedBy}
          id={`${id}-urls`}
          rows={3}
          spellCheck={false}
          disabled={isDisabled}
          placeholder="http://user:password@proxy.example.com:8000"
          value={draft.urls}
          onChange={(event) => setDraft({ ...draft, urls: event.target.value })}
        />
      )}
    </div>
  );
}

function Groups({
  chosen,
  onChosen,
  ...props
}: EditorProps & { chosen: string[]; onChosen: (groups: string[]) => void }) {
  const groups = useQuery(userQuery).data?.proxy?.groups ?? [];
  return (
    <MultiSelect
      {...props}
      id={`${props.id}-groups`}
      label={`${props.label}: groups`}
      prompt="Add a group"
      acceptsOthers
      options={groups.map(({ name, description }) => ({ value: name, title: name, note: description ?? "" }))}
      chosen={chosen}
      onChosen={onChosen}
    />
  );
}
