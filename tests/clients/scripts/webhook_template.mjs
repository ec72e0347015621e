// Evaluates templates of webhooks as the platform does.
// Request: {variables, values, cases: [[template, inStrings], ...]}. Response: for each case the JSON text to send, or
// null if the template is invalid. It is checked without values first, as when a webhook is created.
import { WebhookPayloadTemplate } from '@apify/utilities';

import { respondToLines } from './lines.mjs';

await respondToLines(({ variables, values, cases }) => {
    const allowed = new Set(variables);
    return cases.map(([template, interpolateStrings]) => {
        try {
            WebhookPayloadTemplate.parse(template, allowed, {}, { interpolateStrings });
            return JSON.stringify(WebhookPayloadTemplate.parse(template, allowed, values, { interpolateStrings })) ?? 'null';
        } catch {
            return null;
        }
    });
});
