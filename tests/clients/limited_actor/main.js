// Tries allowed and forbidden operations in a run with limited permissions. The output contains their results.
import { Actor } from 'apify';

/** Return the status code and type of the API's error, or null if the attempt succeeded. */
async function errorOf(attempt) {
    try {
        await attempt();
        return null;
    } catch ({ statusCode, type }) {
        return [statusCode, type];
    }
}

/** Return how much the previous runs stored in the named storages, and add an item, a record and a request. */
async function useCache(name) {
    const dataset = await Actor.openDataset(name);
    const store = await Actor.openKeyValueStore(name);
    const queue = await Actor.openRequestQueue(name);
    const before = await items(dataset);
    const { totalRequestCount: requests } = await queue.getInfo();
    await dataset.pushData({ run: before.length });
    await queue.addRequest({ url: `http://site.test/${requests}` });
    const runs = (await store.getValue('runs')) ?? 0;
    await store.setValue('runs', runs + 1);
    return [before.length, runs, requests];
}

async function call(target) {
    const run = await Actor.call(target);
    const dataset = await Actor.openDataset(run.defaultDatasetId);
    return (await items(dataset)).map(({ greeting }) => greeting);
}

async function items(dataset) {
    return (await dataset.getData()).items;
}

await Actor.init();
const given = await Actor.getInput();
await Actor.pushData({ own: true });
const queue = await Actor.openRequestQueue();
await queue.addRequest({ url: 'http://site.test/' });
const source = await Actor.openDataset(given.source);
const client = Actor.apifyClient;
await Actor.setValue('OUTPUT', {
    cacheBefore: await useCache(given.name),
    source: await items(source),
    writeSource: await errorOf(() => source.pushData({ mine: true })),
    openForeign: await errorOf(() => Actor.openDataset(given.foreign)),
    listDatasets: await errorOf(() => client.datasets().list()),
    user: (await client.user().get()).username,
    webhook: await errorOf(() =>
        Actor.addWebhook({ eventTypes: ['ACTOR.RUN.FAILED'], requestUrl: 'http://localhost:1/' }),
    ),
    called: await call(given.limited),
    callFull: await errorOf(() => Actor.call(given.full)),
    abortOther: await errorOf(() => Actor.abort(given.otherRun)),
});
await Actor.exit();
