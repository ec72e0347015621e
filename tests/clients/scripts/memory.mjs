// Evaluates memory expressions as the platform does.
// Request: [[expression, context], ...]. Response: a number for each, or null if it is invalid.
import { calculateRunDynamicMemory } from '@apify/actor-memory-expression';

import { respondToLines } from './lines.mjs';

await respondToLines(async (cases) => {
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
