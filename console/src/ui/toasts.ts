import { createStore } from "@/ui/store";

export type Toast = {
  id: number;
  /** Errors stay until they are closed. */
  kind: "done" | "error";
  text: string;
  action?: { label: string; run: () => void };
};

const MAX_TOASTS = 3;
let nextId = 1;

export const toasts = createStore<Toast[]>([]);

/** Confirm what the user did. The page itself must show an error too. */
export function showToast(toast: Omit<Toast, "id">): void {
  toasts.set([...toasts.get(), { ...toast, id: nextId++ }].slice(-MAX_TOASTS));
}

export function closeToast(id: number): void {
  toasts.set(toasts.get().filter((each) => each.id !== id));
}
