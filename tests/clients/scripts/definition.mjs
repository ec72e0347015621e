// Validates actor.json and its schemas as the platform does. Request: [[kind, value], ...]. Response: whether each is valid.
import * as schemas from '@apify/json_schemas';

import { respondToLines } from './lines.mjs';

const valid = {
    actor: schemas.getActorSchemaValidator(),
    dataset: schemas.getDatasetSchemaValidator(),
    keyValueStore: schemas.getKeyValueStoreSchemaValidator(),
    output: schemas.getOutputSchemaValidator(),
};
await respondToLines((cases) => cases.map(([kind, value]) => valid[kind](value)));
