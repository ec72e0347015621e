import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useDeferredValue } from "react";
import { messageOf } from "@/api/errors";
import { scheduleTimesQuery } from "@/api/schedules";
import { serverQuery } from "@/api/server";
import { durationInWords, fullTime, fullTimeIn, timeZone } from "@/format/times";
import { FieldError } from "@/ui/Field";
import { CronWords } from "./CronWords";
import styles from "./Schedules.module.css";

/** A cron expression in words, and its next times in its own zone and in that of the user. */
export function NextTimes({ expression, zone }: { expression: string; zone: string }) {
  const [shown, shownZone] = [useDeferredValue(expression), useDeferredValue(zone)];
  const { data: times, error } = useQuery({
    ...scheduleTimesQuery(shown, shownZone),
    placeholderData: keepPreviousData,
  });
  if (error) return <FieldError id="cron-error">{messageOf(error)}</FieldError>;
  const isOtherZone = shownZone !== timeZone();
  return (
    <div className={styles.times}>
      <p>
        <CronWords expression={shown} />
      </p>
      <table>
        <thead>
          <tr>
            <th scope="col">Next, in {shownZone}</th>
            {isOtherZone && <th scope="col">In {timeZone()}</th>}
          </tr>
        </thead>
        <tbody>
          {times?.map((time) => (
            <tr key={time}>
              <td>{fullTimeIn(time, shownZone)}</td>
              {isOtherZone && <td>{fullTime(time)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
      <ClockNote />
    </div>
  );
}

function ClockNote() {
  const ahead = useQuery(serverQuery).data?.clockAheadSecs ?? 0;
  if (ahead === 0) return null;
  return <p>The clock of schedules is {durationInWords(ahead * 1000)} ahead of this machine's.</p>;
}
