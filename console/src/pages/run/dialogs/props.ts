import type { Run } from "@/api/run";

export type RunDialogProps = { run: Run; onClose: () => void };
