// Computes the times of cron expressions with the library that most of the JavaScript ecosystem uses.
// Request: [[expression, time zone, [[from, to], ...]], ...], in milliseconds.
// Response: for each, the times after `from` and not after `to`, or null if the expression is invalid.
import { CronExpressionParser } from 'cron-parser';

import { respondToLines } from './lines.mjs';

function times(expression, tz, from, to) {
    const interval = CronExpressionParser.parse(expression, { currentDate: new Date(from), tz });
    const found = [];
    for (let at = interval.next().getTime(); at <= to; at = interval.next().getTime()) found.push(at);
    return found;
}

await respondToLines(async (cases) =>
    cases.map(([expression, zone, periods]) => {
        try {
            return periods.flatMap(([from, to]) => times(expression, zone, from, to));
        } catch {
            return null;
        }
    }),
);
