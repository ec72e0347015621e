// Prints the content of the default storages, as the SDK reads it, as JSON.
import { Actor } from 'apify';

await Actor.init();
const { items } = await (await Actor.openDataset()).getData();
const store = await Actor.openKeyValueStore();
const records = {};
await store.forEachKey(async (key) => {
    if (key.startsWith('__RQ_STATE_')) return;
    const value = await store.getValue(key);
    records[key] = Buffer.isBuffer(value) ? { bytes: value.toString('base64') } : value;
});
const queue = await Actor.openRequestQueue();
const { totalRequestCount: total, handledRequestCount: handled } = await queue.getInfo();
const { items: first } = await queue.client.listHead();
const head = first.map(({ url }) => url);
const pending = [];
let request;
while ((request = await queue.fetchNextRequest())) {
    const { uniqueKey, url, method, retryCount, userData, payload = null } = request;
    pending.push({ uniqueKey, url, method, retryCount, n: userData.n ?? null, payload });
    await queue.markRequestHandled(request);
}
console.log(`SEEN ${JSON.stringify({ input: await Actor.getInput(), items, records, total, handled, head, pending })}`);
await Actor.exit();
