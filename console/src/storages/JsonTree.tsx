import { ChevronDown, ChevronRight } from "lucide-react";
import { useState } from "react";
import { plural } from "@/format/numbers";
import { isNested, type Json, type JsonObject } from "@/json/exact";
import { Button } from "@/ui/Button";
import styles from "./JsonTree.module.css";

const OPEN_DEPTH = 2;
/** Lists that are longer than this begin closed, and show this many entries at a time. */
const CHUNK = 100;

/** A JSON value as a tree whose objects and arrays open and close. */
export function JsonTree({ value }: { value: Json }) {
  if (!isNested(value)) return <Leaf value={value} />;
  return (
    <ul className={styles.tree}>
      <Entries value={value} depth={0} />
    </ul>
  );
}

type Nested = Json[] | JsonObject;

function Entries({ value, depth }: { value: Nested; depth: number }) {
  const [shown, setShown] = useState(CHUNK);
  const entries = Object.entries(value);
  return (
    <>
      {entries.slice(0, shown).map(([name, each]) => (
        <Entry key={name} name={name} value={each} depth={depth} />
      ))}
      {entries.length > shown && (
        <li>
          <Button variant="quiet" small onClick={() => setShown(shown + CHUNK * 5)}>
            Show more of {plural(entries.length, "entry", "entries")}
          </Button>
        </li>
      )}
    </>
  );
}

function Entry({ name, value, depth }: { name: string; value: Json; depth: number }) {
  const size = isNested(value) ? Object.keys(value).length : 0;
  const [isOpen, setOpen] = useState(depth < OPEN_DEPTH && size <= CHUNK);
  if (!isNested(value) || size === 0) {
    return (
      <li className={styles.leaf}>
        <span className={styles.name}>{name}</span>
        {isNested(value) ? <span className={styles.size}>{sizeOf(value)}</span> : <Leaf value={value} />}
      </li>
    );
  }
  const Arrow = isOpen ? ChevronDown : ChevronRight;
  return (
    <li>
      <button type="button" className={styles.toggle} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <Arrow aria-hidden />
        <span className={styles.name}>{name}</span>
        <span className={styles.size}>{sizeOf(value)}</span>
      </button>
      {isOpen && (
        <ul className={styles.inner}>
          <Entries value={value} depth={depth + 1} />
        </ul>
      )}
    </li>
  );
}

function sizeOf(value: Nested): string {
  if (Array.isArray(value)) return value.length === 0 ? "[ ]" : plural(value.length, "element");
  const { length } = Object.keys(value);
  return length === 0 ? "{ }" : plural(length, "field");
}

function Leaf({ value }: { value: Exclude<Json, Nested> }) {
  if (typeof value === "string" && /^https?:\/\//.test(value)) {
    return (
      <a className={styles.text} href={value} target="_blank" rel="noreferrer">
        {value}
      </a>
    );
  }
  return <span className={typeof value === "string" ? styles.text : styles.other}>{String(value)}</span>;
}
