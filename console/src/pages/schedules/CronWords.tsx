import { useQuery } from "@tanstack/react-query";

const wordsQuery = (expression: string) => ({
  queryKey: ["cron-words", expression],
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: async () => {
    const { toString: inWords } = (await import("cronstrue")).default;
    return inWords(expression, { use24HourTimeFormat: true, throwExceptionOnParseError: false });
  },
});

/** A cron expression in words. The library for it is loaded with the first one. */
export function CronWords({ expression }: { expression: string }) {
  const { data } = useQuery(wordsQuery(expression));
  return <>{data ?? expression}</>;
}
