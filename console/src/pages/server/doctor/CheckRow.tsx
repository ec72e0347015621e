import { CircleCheck, CircleMinus, CircleX, type LucideIcon, TriangleAlert } from "lucide-react";
import type { Check } from "@/api/doctor";
import { CommandLine } from "@/ui/CommandLine";
import { Prose, partsOf } from "@/ui/Prose";
import styles from "./Doctor.module.css";
import { WORDS } from "./report";

const ICONS: Record<Check["verdict"], LucideIcon> = {
  OK: CircleCheck,
  WARN: TriangleAlert,
  FAIL: CircleX,
  SKIP: CircleMinus,
};

const COMMANDS = /^(?:greenroom|docker|sudo|ufw|apt-get|npm) /;

/** One check: its verdict, what was found, and what to do. */
export function CheckRow({ check }: { check: Check }) {
  const Icon = ICONS[check.verdict];
  const commands = partsOf(`${check.fix ?? ""} ${check.verdict === "SKIP" ? check.found : ""}`).filter(
    ({ text, isCode }) => isCode && COMMANDS.test(text),
  );
  return (
    <li className={styles.check} data-verdict={check.verdict}>
      <span className={styles.verdict}>
        <Icon aria-hidden />
        {WORDS[check.verdict]}
      </span>
      <span className={styles.name}>{check.name}</span>
      <div className={styles.found}>
        <p>
          <Prose text={check.found} />
        </p>
        {check.fix && (
          <p className={styles.fix}>
            <Prose text={check.fix} />
          </p>
        )}
        {commands.map(({ text }) => (
          <CommandLine key={text} command={text} />
        ))}
      </div>
    </li>
  );
}
