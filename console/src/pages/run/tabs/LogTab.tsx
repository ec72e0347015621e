import { Empty } from "@/ui/Empty";
import type { RunTabProps } from "../tabs";

export function LogTab(_: RunTabProps) {
  return <Empty>This tab is not built yet.</Empty>;
}
