// Validates input schemas and inputs with the platform's own package.
// Request: {schemas: [schema, ...], inputs: [[schema, input], ...]}. Response: null or the error for each schema; the
// messages for each input, or an error if its schema does not compile.
import { isDeepStrictEqual } from 'node:util';

import { validateInputSchema, validateInputUsingValidator } from '@apify/input_schema';
import { Ajv } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';

import { respondToLines } from './lines.mjs';

const options = { strict: false, unicodeRegExp: false };

// The package assembles the same rules again for every schema. This wrapper of Ajv compiles each set of rules only once.
const validator = {
    ajv: new Ajv2019(options),
    compiled: [],
    getSchema(name) {
        return this.ajv.getSchema(name);
    },
    validate(rules, value) {
        const check = this.compiledFrom(rules);
        const valid = check(value);
        this.errors = check.errors;
        return valid;
    },
    compiledFrom(rules) {
        const known = this.compiled.find((each) => isDeepStrictEqual(each.rules, rules));
        if (known) return known.check;
        const check = this.ajv.compile({ ...rules, $id: undefined });
        this.compiled.push({ rules, check });
        return check;
    },
};

function schemaError(schema) {
    try {
        validateInputSchema(validator, schema);
        return null;
    } catch (error) {
        return error.message;
    }
}

// The rules for inputs after defaults are added: a required array must not be empty.
function withDefaultRules(schema) {
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

const ajv = new Ajv(options);
const checks = new Map();

function inputMessages(schema, input) {
    const text = JSON.stringify(schema);
    let check = checks.get(text);
    try {
        check ??= ajv.compile(withDefaultRules(schema));
        checks.set(text, check);
    } catch (error) {
        return { error: error.message };
    }
    return { messages: validateInputUsingValidator(check, schema, input).map(({ message }) => message) };
}

await respondToLines(({ schemas, inputs }) => ({
    schemas: schemas.map(schemaError),
    inputs: inputs.map(([schema, input]) => inputMessages(schema, input)),
}));
