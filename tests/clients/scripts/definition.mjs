// Judges actor.json and its schemas as the platform does: reads [[kind, value], ...], writes whether each is valid.
import { text } from 'node:stream/consumers';

import * as schemas from '@apify/json_schemas';

const valid = {
    actor: schemas.getActorSchemaValidator(),
    dataset: schemas.getDatasetSchemaValidator(),
    keyValueStore: schemas.getKeyValueStoreSchemaValidator(),
    output: schemas.getOutputSchemaValidator(),
};
const cases = JSON.parse(await text(process.stdin));
process.stdout.write(JSON.stringify(cases.map(([kind, value]) => valid[kind](value))));
