// Responds to each line of JSON on stdin with a line of JSON on stdout.
import { createInterface } from 'node:readline/promises';

export async function respondToLines(respond) {
    for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
        process.stdout.write(`${JSON.stringify(await respond(JSON.parse(line)))}\n`);
    }
}
