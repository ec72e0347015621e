// A user reads and sets limits, waits for memory and reads the usage, with apify-client for JavaScript.
// Prints the results as JSON.
import { setTimeout } from 'node:timers/promises';

import { ApifyClient } from 'apify-client';

const MEMORY_GBYTES = 4;

async function main(url, token, actor) {
    const client = new ApifyClient({ baseUrl: url, token });
    const me = client.user('me');
    await me.updateLimits({ maxMonthlyUsageUsd: 300, dataRetentionDays: 30 });
    await client.actor(actor).start({ sleepSecs: 3 }, { memory: MEMORY_GBYTES * 1024 });
    const [run, errors] = await startWhenPossible(client, actor);
    await client.run(run.id).waitForFinish();
    return { user: await me.get(), limits: await me.limits(), errors, usage: await me.monthlyUsage() };
}

/** Starts a run as soon as there is memory for it. Returns the run and the errors of all attempts before. */
async function startWhenPossible(client, actor) {
    const errors = [];
    for (;;) {
        try {
            return [await client.actor(actor).start(undefined, { memory: MEMORY_GBYTES * 1024 }), errors];
        } catch (problem) {
            errors.push([problem.statusCode, problem.type]);
            while ((await freeGbytes(client)) < MEMORY_GBYTES) await setTimeout(100);
        }
    }
}

async function freeGbytes(client) {
    const { limits, current } = await client.user('me').limits();
    return limits.maxActorMemoryGbytes - current.actorMemoryGbytes;
}

console.log(JSON.stringify(await main(...process.argv.slice(2))));
