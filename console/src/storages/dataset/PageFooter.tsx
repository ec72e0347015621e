import { ChevronLeft, ChevronRight } from "lucide-react";
import { count } from "@/format/numbers";
import { IconButton } from "@/ui/Button";
import { Select } from "@/ui/Field";
import styles from "./Dataset.module.css";
import { type DatasetAddress, PAGE_SIZES } from "./useDatasetAddress";

type Props = { total: number; page: number; limit: number; onChange: DatasetAddress["change"] };

/** Which items the page shows, and the ways to the pages before and after it. */
export function PageFooter({ total, page, limit, onChange }: Props) {
  const pages = Math.max(1, Math.ceil(total / limit));
  const first = (page - 1) * limit + 1;
  const goTo = (next: number) => onChange({ page: next === 1 ? undefined : String(next), item: undefined }, true);
  const resize = (size: string) =>
    onChange({ limit: size === String(PAGE_SIZES[0]) ? undefined : size, page: undefined, item: undefined });
  return (
    <footer className={styles.footer}>
      <span>
        {first > total ? "None" : `${count(first)}–${count(Math.min(total, first + limit - 1))}`} of {count(total)}
      </span>
      <span className={styles.pages}>
        <Select
          aria-label="Items per page"
          className={styles.size ?? ""}
          value={String(limit)}
          options={PAGE_SIZES.map((size) => [String(size), `${size} per page`] as const)}
          onChange={resize}
        />
        <IconButton
          small
          label="Previous page"
          icon={<ChevronLeft aria-hidden />}
          disabled={page <= 1}
          onClick={() => goTo(Math.min(page - 1, pages))}
        />
        <span>
          Page {count(page)} of {count(pages)}
        </span>
        <IconButton
          small
          label="Next page"
          icon={<ChevronRight aria-hidden />}
          disabled={page >= pages}
          onClick={() => goTo(page + 1)}
        />
      </span>
    </footer>
  );
}
