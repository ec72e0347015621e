// Evaluates memory expressions as the platform does: [[expression, context], ...] -> a number or null each.
import { calculateRunDynamicMemory } from '@apify/actor-memory-expression';

import { answerLines } from './lines.mjs';

await answerLines(async (cases) => {
    const found = [];
    for (const [expression, context] of cases) {
        try {
            found.push(await calculateRunDynamicMemory(expression, context));
        } catch {
            found.push(null);
        }
    }
    return found;
});
