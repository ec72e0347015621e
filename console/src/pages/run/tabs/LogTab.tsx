import { LogViewer } from "@/log/LogViewer";
import { isLive } from "@/ui/StatusPill";
import type { RunTabProps } from "../tabs";

export function LogTab({ run }: RunTabProps) {
  return <LogViewer jobId={run.id} jobKind="run" isLive={isLive(run.status)} />;
}
