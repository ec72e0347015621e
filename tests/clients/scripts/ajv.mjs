// Validates values with the platform's validator. Request: [[schema, value], ...]. Response: the errors of each value.

import { Ajv } from 'ajv';
import formats from 'ajv-formats';

import { respondToLines } from './lines.mjs';

const ajv = new Ajv({ allErrors: true, strict: false });
formats.default(ajv);
await respondToLines((cases) =>
    cases.map(([schema, value]) => {
        const validate = ajv.compile(schema);
        return validate(value) ? [] : validate.errors;
    }),
);
