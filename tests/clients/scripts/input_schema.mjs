// Judges input schemas and inputs with the platform's own package: {schemas: [schema, ...], inputs: [[schema, input], ...]}
// -> for each schema null or the error, for each input its messages or, where the schema does not compile, an error.
import { isDeepStrictEqual } from 'node:util';

import { validateInputSchema, validateInputUsingValidator } from '@apify/input_schema';
import { Ajv } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';

import { answerLines } from './lines.mjs';

const options = { strict: false, unicodeRegExp: false };

// Ajv as the package calls it, with rules that it puts together anew for every schema, from the same parts; here each of
// them is compiled once.
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

const ajv = new Ajv(options);
const checks = new Map();

function judgeInput(schema, input) {
    const text = JSON.stringify(schema);
    let check = checks.get(text);
    try {
        check ??= ajv.compile(demanding(schema));
        checks.set(text, check);
    } catch (error) {
        return { error: error.message };
    }
    return { messages: validateInputUsingValidator(check, schema, input).map(({ message }) => message) };
}

await answerLines(({ schemas, inputs }) => ({
    schemas: schemas.map(judgeSchema),
    inputs: inputs.map(([schema, input]) => judgeInput(schema, input)),
}));
