import { Link } from "@tanstack/react-router";
import { Play, RotateCcw, Ruler } from "lucide-react";
import type { Explanation, Run } from "@/api/run";
import { Button, buttonClass } from "@/ui/Button";
import { CommandLine } from "@/ui/CommandLine";
import styles from "./ExplanationCard.module.css";
import { nextOf, type Step } from "./next";
import { useRunActions } from "./useRunActions";

/** What to do about a run that ended: one main button, another one, and the command that does the same. */
export function NextSteps({ run, explanation }: { run: Run; explanation: Explanation }) {
  const { primary, secondary, command } = nextOf(explanation, run);
  return (
    <div className={styles.next}>
      <h3>Next</h3>
      <div className={styles.buttons}>
        <StepButton run={run} step={primary} isPrimary />
        <StepButton run={run} step={secondary} />
      </div>
      <CommandLine command={command} />
    </div>
  );
}

function StepButton({ run, step, isPrimary = false }: { run: Run; step: Step; isPrimary?: boolean }) {
  const { start, resurrect, pending } = useRunActions(run);
  const variant = isPrimary ? "primary" : "secondary";
  if (step.kind === "fit") {
    return (
      <Link to="/actors/$actorId/$tab" params={{ actorId: run.actId, tab: "fit" }} className={buttonClass(variant)}>
        <Ruler aria-hidden />
        {step.label}
      </Link>
    );
  }
  const isStart = step.kind === "start";
  return (
    <Button
      needsServer
      variant={variant}
      icon={isStart ? <Play aria-hidden /> : <RotateCcw aria-hidden />}
      isPending={pending === step.kind}
      onClick={() => (isStart ? start(step.changes) : resurrect({}))}
    >
      {step.label}
    </Button>
  );
}
