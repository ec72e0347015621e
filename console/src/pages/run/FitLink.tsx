import { Link } from "@tanstack/react-router";
import { Ruler } from "lucide-react";
import type { Run } from "@/api/run";
import styles from "./ExplanationCard.module.css";

export function FitLink({ run }: { run: Run }) {
  return (
    <Link to="/actors/$actorId/$tab" params={{ actorId: run.actId, tab: "fit" }} className={styles.fit}>
      <Ruler aria-hidden />
      Find the right size
    </Link>
  );
}
