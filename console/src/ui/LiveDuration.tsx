import { duration, durationInWords } from "@/format/times";
import { useNow } from "@/ui/now";

type Props = {
  startedAt: string;
  /** The end; null while it runs, which makes the number count on. */
  finishedAt: string | null;
  inWords?: boolean;
};

/** How long something took, or has taken until now. */
export function LiveDuration({ startedAt, finishedAt, inWords = false }: Props) {
  const start = Date.parse(startedAt);
  if (finishedAt === null) return <Counting start={start} inWords={inWords} />;
  return format(Date.parse(finishedAt) - start, inWords);
}

function Counting({ start, inWords }: { start: number; inWords: boolean }) {
  return format(useNow(true) - start, inWords);
}

function format(millis: number, inWords: boolean): string {
  return (inWords ? durationInWords : duration)(Math.max(0, millis));
}
