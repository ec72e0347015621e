/** Typical use of apify-client for JavaScript. Prints the results as JSON in the last line of stdout. */
import { ApifyClient } from 'apify-client';

const CLIENT_KEY = 'a-client-of-the-tests';
const LONG = 'x'.repeat(5000);

async function main(url, token, actor) {
    const client = new ApifyClient({ baseUrl: url, token });
    const sections = {
        user: () => client.user('me').get(),
        call: () => call(client, actor),
        callWithoutInput: async () => outcome(client, await client.actor(actor).call(undefined, { log: null })),
        followed: () => followed(client, actor),
        aborted: () => aborted(client, actor),
        lists: () => lists(client, actor),
        builds: () => builds(client, actor),
        dataset: () => dataset(client),
        keyValueStore: () => keyValueStore(client),
        requestQueue: () => requestQueue(client),
        missing: () => missing(client),
        errors: () => errors(client, new ApifyClient({ baseUrl: url }), actor),
    };
    const result = {};
    for (const [name, section] of Object.entries(sections)) result[name] = await attempt(section);
    return result;
}

/** Return the result of a section. If it fails, return its stack trace, which the test of the section shows. */
async function attempt(section) {
    try {
        return await section();
    } catch (problem) {
        return problem.stack;
    }
}

/** Call the Actor with its log on stdout, as most users do. Then send a request that marks the end. */
async function call(client, actor) {
    const run = await client.actor(actor).call({ name: 'Ada', sleepSecs: 2, long: LONG }, { memory: 256 });
    await client.user('after-call').get();
    return outcome(client, run);
}

async function outcome(client, run) {
    const ofRun = client.run(run.id);
    const store = ofRun.keyValueStore();
    return {
        run,
        log: await ofRun.log().get(),
        items: (await ofRun.dataset().listItems()).items,
        output: (await store.getRecord('OUTPUT'))?.value,
        input: (await store.getRecord('INPUT'))?.value,
        keys: (await store.listKeys()).items.map(({ key }) => key),
    };
}

/** Follow the log until it ends, which is when the run has ended. */
async function followed(client, actor) {
    const run = await client.actor(actor).start({ sleepSecs: 2 });
    const chunks = [];
    for await (const chunk of await client.log(run.id).stream()) chunks.push(chunk);
    return { log: Buffer.concat(chunks).toString(), status: (await client.run(run.id).get()).status };
}

async function aborted(client, actor) {
    const { id } = await client.actor(actor).start({ sleepSecs: 600 });
    for await (const chunk of await client.log(id).stream()) if (chunk.includes('Tick 1')) break;
    await client.run(id).abort();
    return client.run(id).waitForFinish();
}

async function lists(client, actor) {
    const page = await client.actor(actor).runs().list({ limit: 2, desc: true });
    const lastSucceeded = client.actor(actor).lastRun({ status: 'SUCCEEDED' });
    return {
        total: page.total,
        newest: page.items.map(({ status }) => status),
        succeeded: (await client.runs().list({ status: 'SUCCEEDED', limit: 1000 })).total > 0,
        last: (await client.actor(actor).lastRun().get()).status,
        lastSucceeded: (await lastSucceeded.get()).status,
        lastSucceededItems: (await lastSucceeded.dataset().listItems()).items,
    };
}

async function builds(client, actor) {
    const { items } = await client.actor(actor).builds().list();
    const build = client.build(items[0].id);
    return {
        numbers: items.map(({ buildNumber }) => buildNumber),
        status: (await build.get()).status,
        log: await build.log().get(),
    };
}

async function dataset(client) {
    const name = 'items-of-javascript';
    const { id } = await client.datasets().getOrCreate(name);
    const items = client.dataset(id);
    await items.pushItems(numbers(0, 1200).map((number) => ({ number, note: 'a note', '#hidden': true })));
    const page = await items.listItems({ offset: 5, limit: 2, desc: true, fields: ['number'] });
    let iterated = 0;
    for await (const item of items.listItems({ chunkSize: 1000 })) iterated += item.number;
    const result = {
        isSame: (await client.datasets().getOrCreate(name)).id === id,
        page: { items: page.items, total: page.total, offset: page.offset, count: page.count },
        clean: (await items.listItems({ limit: 1, clean: true })).items,
        iterated,
        itemCount: (await items.get()).itemCount,
    };
    await items.delete();
    return { ...result, deleted: (await items.get()) ?? null };
}

async function keyValueStore(client) {
    const store = client.keyValueStore((await client.keyValueStores().getOrCreate('values-of-javascript')).id);
    await store.setRecord({ key: 'json', value: { long: LONG } });
    await store.setRecord({ key: 'text', value: `žluť ${LONG}`, contentType: 'text/plain; charset=utf-8' });
    const bytes = Buffer.from(numbers(0, 256 * 20));
    await store.setRecord({ key: 'bytes', value: bytes, contentType: 'application/octet-stream' });
    const page = await store.listKeys({ limit: 2 });
    const result = {
        json: (await store.getRecord('json')).value,
        text: (await store.getRecord('text')).value,
        bytes: [...(await store.getRecord('bytes')).value.subarray(0, 300)],
        exists: [await store.recordExists('text'), await store.recordExists('no-such-key')],
        keys: page.items.map(({ key }) => key),
        next: page.nextExclusiveStartKey,
        end: (await store.listKeys({ exclusiveStartKey: 'json' })).nextExclusiveStartKey,
    };
    await store.deleteRecord('json');
    await store.deleteRecord('json');
    result.deleted = (await store.getRecord('json')) ?? null;
    await store.delete();
    return result;
}

async function requestQueue(client) {
    const { id } = await client.requestQueues().getOrCreate('requests-of-javascript');
    const queue = client.requestQueue(id, { clientKey: CLIENT_KEY });
    const first = await queue.addRequest(draft(0));
    const again = await queue.addRequest(draft(0));
    const batch = await queue.batchAddRequests(numbers(1, 31).map(draft), { maxParallel: 1 });
    const locked = await queue.listAndLockHead({ lockSecs: 60, limit: 3 });
    const taken = locked.items.map((item) => item.id);
    const prolonged = await queue.prolongRequestLock(taken[0], { lockSecs: 120 });
    await queue.deleteRequestLock(taken[1]);
    const { lockExpiresAt, lockByClient, ...whole } = await queue.getRequest(taken[0]);
    const handled = await queue.updateRequest({ ...whole, handledAt: '2026-01-01T00:00:00.000Z' });
    const result = {
        first: [first.wasAlreadyPresent, first.wasAlreadyHandled, first.requestId.length],
        again: [again.wasAlreadyPresent, again.wasAlreadyHandled, again.requestId === first.requestId],
        processed: batch.processedRequests.length,
        unprocessed: batch.unprocessedRequests.length,
        locked: uniqueKeys(locked),
        hasLocked: locked.queueHasLockedRequests,
        isProlonged: prolonged.lockExpiresAt > locked.items[0].lockExpiresAt,
        userData: whole.userData,
        handled: [handled.wasAlreadyPresent, handled.wasAlreadyHandled],
        head: uniqueKeys(await queue.listHead({ limit: 3 })),
        nextLocked: uniqueKeys(await queue.listAndLockHead({ lockSecs: 60, limit: 2 })),
        unlocked: (await queue.unlockRequests()).unlockedCount,
        all: (await queue.listRequests({ limit: 100 })).items.length,
    };
    const state = await queue.get();
    result.counts = [state.totalRequestCount, state.handledRequestCount, state.pendingRequestCount];
    result.hadMultipleClients = state.hadMultipleClients;
    result.batchDeleted = (await queue.batchDeleteRequests([{ id: taken[1] }])).processedRequests.length;
    await queue.delete();
    return result;
}

function draft(number) {
    return {
        url: `http://site.test/${number}`,
        uniqueKey: `page-${number}`,
        method: 'GET',
        userData: { n: number, long: 'y'.repeat(60) },
    };
}

async function missing(client) {
    const lookups = {
        actor: client.actor('local/no-such-actor').get(),
        run: client.run('noSuchRunHere1234').get(),
        build: client.build('noSuchBuild123456').get(),
        log: client.log('noSuchLogHere1234').get(),
        dataset: client.dataset('noSuchDataset1234').get(),
        keyValueStore: client.keyValueStore('noSuchStore123456').get(),
        requestQueue: client.requestQueue('noSuchQueue123456').get(),
        request: client.requestQueue('noSuchQueue123456').getRequest('noSuchRequest12'),
    };
    const found = Object.entries(lookups).map(async ([name, lookup]) => [name, (await lookup) ?? null]);
    return Object.fromEntries(await Promise.all(found));
}

async function errors(client, nobody, actor) {
    return {
        unknownActor: await errorOf(client.actor('local/nobody').start()),
        unknownBuild: await errorOf(client.actor(actor).start(undefined, { build: 'no-such-tag' })),
        noItems: await errorOf(client.actor(actor).start(undefined, { maxItems: 0 })),
        unknownDataset: await errorOf(client.dataset('noSuchDataset1234').pushItems([{ a: 1 }])),
        badKey: await errorOf(client.actor(actor).lastRun().keyValueStore().setRecord({ key: 'no key', value: 'x' })),
        noToken: await errorOf(nobody.user('me').get()),
    };
}

async function errorOf(call) {
    try {
        return await call;
    } catch (problem) {
        return [problem.statusCode, problem.type];
    }
}

function uniqueKeys({ items }) {
    return items.map(({ uniqueKey }) => uniqueKey);
}

function numbers(from, to) {
    return Array.from({ length: to - from }, (_, index) => from + index);
}

console.log(JSON.stringify(await main(...process.argv.slice(2))));
