// Judges actor.json and its schemas as the platform does: [[kind, value], ...] -> whether each is valid.
import * as schemas from '@apify/json_schemas';

import { answerLines } from './lines.mjs';

const valid = {
    actor: schemas.getActorSchemaValidator(),
    dataset: schemas.getDatasetSchemaValidator(),
    keyValueStore: schemas.getKeyValueStoreSchemaValidator(),
    output: schemas.getOutputSchemaValidator(),
};
await answerLines((cases) => cases.map(([kind, value]) => valid[kind](value)));
