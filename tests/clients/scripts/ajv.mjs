// Validates values against schemas with the platform's validator: [[schema, value], ...] -> the errors of each.

import { Ajv } from 'ajv';
import formats from 'ajv-formats';

import { answerLines } from './lines.mjs';

const ajv = new Ajv({ allErrors: true, strict: false });
formats.default(ajv);
await answerLines((cases) =>
    cases.map(([schema, value]) => {
        const validate = ajv.compile(schema);
        return validate(value) ? [] : validate.errors;
    }),
);
