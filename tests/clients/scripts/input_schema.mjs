// Judges input schemas and inputs with the platform's own package. Reads {schemas: [schema, ...], inputs: [[schema, input], ...]};
// writes for each schema null or the error, for each input its messages or, where the schema does not compile, an error.
import { text } from 'node:stream/consumers';

import { validateInputSchema, validateInputUsingValidator } from '@apify/input_schema';
import { Ajv } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';

const options = { strict: false, unicodeRegExp: false };

// Ajv as the package calls it, which compiles its rules anew for every schema; here each of them once.
const validator = {
    ajv: new Ajv2019(options),
    compiled: new Map(),
    getSchema(name) {
        return this.ajv.getSchema(name);
    },
    validate(rules, value) {
        const text = JSON.stringify(rules);
        if (!this.compiled.has(text)) this.compiled.set(text, this.ajv.compile({ ...rules, $id: undefined }));
        const check = this.compiled.get(text);
        const valid = check(value);
        this.errors = check.errors;
        return valid;
    },
};

function judgeSchema(schema) {
    try {
        validateInputSchema(validator, schema);
        return null;
    } catch (error) {
        return error.message;
    }
}

// What is demanded of inputs that have their defaults: a required array must hold something.
function demanding(schema) {
    const copy = structuredClone(schema);
    delete copy.$schema;
    copy.required = Object.keys(copy.properties).filter(
        (name) => copy.required?.includes(name) && copy.properties[name].default === undefined,
    );
    for (const name of copy.required) {
        const field = copy.properties[name];
        if (field.type === 'array') field.minItems = Math.max(field.minItems ?? 0, 1);
    }
    return copy;
}

const checks = new Map();

function judgeInput(schema, input) {
    const text = JSON.stringify(schema);
    let check = checks.get(text);
    try {
        check ??= new Ajv(options).compile(demanding(schema));
        checks.set(text, check);
    } catch (error) {
        return { error: error.message };
    }
    return { messages: validateInputUsingValidator(check, schema, input).map(({ message }) => message) };
}

const { schemas, inputs } = JSON.parse(await text(process.stdin));
process.stdout.write(
    JSON.stringify({
        schemas: schemas.map(judgeSchema),
        inputs: inputs.map(([schema, input]) => judgeInput(schema, input)),
    }),
);
