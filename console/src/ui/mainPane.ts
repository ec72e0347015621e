import type { RefObject } from "react";

/** The part of the window that scrolls, below the top bar. Long tables draw only the rows that it shows. */
export const mainPane: RefObject<HTMLElement | null> = { current: null };
