// Validates values against schemas with the platform's validator: reads [[schema, value], ...], writes the errors of each.
import { text } from 'node:stream/consumers';

import { Ajv } from 'ajv';
import formats from 'ajv-formats';

const ajv = new Ajv({ allErrors: true, strict: false });
formats.default(ajv);
const cases = JSON.parse(await text(process.stdin));
const found = cases.map(([schema, value]) => {
    const validate = ajv.compile(schema);
    return validate(value) ? [] : validate.errors;
});
process.stdout.write(JSON.stringify(found));
