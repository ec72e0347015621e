/** The pages of the console, as the sidebar, the command palette and the keys name them. */
import {
  Bookmark,
  Box,
  Braces,
  CalendarClock,
  Database,
  FileArchive,
  ListOrdered,
  type LucideIcon,
  Play,
  Radio,
  Route,
  Settings,
  Stethoscope,
  Table2,
  Users,
  Webhook,
} from "lucide-react";

export type Entry = {
  to: string;
  label: string;
  icon: LucideIcon;
  /** The second of the two keys that open it, after `g`. */
  key?: string;
  children?: Entry[];
};

export const ENTRIES: Entry[] = [
  { to: "/actors/runs", label: "Runs", icon: Play, key: "r" },
  { to: "/actors", label: "Actors", icon: Box, key: "a" },
  { to: "/actors/tasks", label: "Tasks", icon: Bookmark, key: "t" },
  { to: "/standby", label: "Standby", icon: Radio, key: "b" },
  { to: "/schedules", label: "Schedules", icon: CalendarClock, key: "s" },
  { to: "/webhooks", label: "Webhooks", icon: Webhook, key: "w" },
  {
    to: "/storage",
    label: "Storage",
    icon: Database,
    children: [
      { to: "/storage/datasets", label: "Datasets", icon: Table2, key: "d" },
      { to: "/storage/key-value-stores", label: "Key-value stores", icon: FileArchive, key: "k" },
      { to: "/storage/request-queues", label: "Request queues", icon: ListOrdered, key: "q" },
    ],
  },
];

export const SERVER_ENTRIES: Entry[] = [
  { to: "/users", label: "Users and limits", icon: Users },
  { to: "/proxy", label: "Proxy", icon: Route },
  { to: "/doctor", label: "Doctor", icon: Stethoscope, key: "h" },
  { to: "/api", label: "API", icon: Braces },
  { to: "/settings", label: "Settings", icon: Settings },
];

/** All pages that are lists or stand alone, each once. */
export const PAGES: Entry[] = [...ENTRIES, ...SERVER_ENTRIES].flatMap((entry) => entry.children ?? [entry]);
