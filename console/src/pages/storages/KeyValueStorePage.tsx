import { useParams } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { apiPath } from "@/api/storageRecords";
import { KINDS } from "@/storages/kinds";
import { StoreView } from "@/storages/store/StoreView";
import { buttonClass } from "@/ui/Button";
import { Empty } from "@/ui/Empty";
import { StoragePage } from "./StoragePage";

export function KeyValueStorePage() {
  const { storeId = "" } = useParams({ strict: false });
  return (
    <StoragePage
      kind="key-value-store"
      id={storeId}
      action={({ id }) => (
        <a className={buttonClass()} href={`${apiPath("key-value-store", id)}/records`} download>
          <Download aria-hidden />
          Download as ZIP
        </a>
      )}
    >
      {(store) => (
        <StoreView
          store={store}
          empty={<Empty command={KINDS["key-value-store"].emptyCommand}>This key-value store is empty.</Empty>}
        />
      )}
    </StoragePage>
  );
}
