// Evaluates memory expressions as the platform does: reads [[expression, context], ...], writes a number or null each.
import { text } from 'node:stream/consumers';

import { calculateRunDynamicMemory } from '@apify/actor-memory-expression';

const found = [];
for (const [expression, context] of JSON.parse(await text(process.stdin))) {
    try {
        found.push(await calculateRunDynamicMemory(expression, context));
    } catch {
        found.push(null);
    }
}
process.stdout.write(JSON.stringify(found));
