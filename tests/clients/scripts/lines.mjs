// Answers each line of stdin, which is JSON, by a line of JSON, until stdin ends.
import { createInterface } from 'node:readline/promises';

export async function answerLines(answer) {
    for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
        process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
    }
}
