/**
 * Calls every public method of apify-client for JavaScript once. Prints what they returned as JSON.
 *
 * Each class of the client reports which of its methods have not been called, so a method of a newer client is missing
 * from the scenario until it is added here.
 */
import * as library from 'apify-client';

const NAME = 'surface-javascript';
const NO_RECEIVER = 'http://127.0.0.1:9/';

/** Return the public methods that have not been called yet, such as `RunClient.abort`, as a set that calls empty. */
function watchedSurface() {
    const uncalled = new Set();
    for (const Client of Object.values(library)) {
        if (typeof Client !== 'function' || !Client.name.endsWith('Client') || Client === library.ApifyClient) continue;
        for (const name of publicMethods(Client.prototype)) {
            const title = `${Client.name}.${name}`;
            const method = Client.prototype[name];
            uncalled.add(title);
            Client.prototype[name] = function called(...given) {
                uncalled.delete(title);
                return method.apply(this, given);
            };
        }
    }
    return uncalled;
}

function publicMethods(prototype) {
    if (prototype === Object.prototype) return [];
    const own = Object.entries(Object.getOwnPropertyDescriptors(prototype))
        .filter(([name, { value }]) => typeof value === 'function' && name !== 'constructor' && !name.startsWith('_'))
        .map(([name]) => name);
    return [...new Set([...own, ...publicMethods(Object.getPrototypeOf(prototype))])];
}

async function main(url, token, files) {
    const uncalled = watchedSurface();
    const client = new library.ApifyClient({ baseUrl: url, token });
    const actorId = await createActor(client, JSON.parse(files));
    const facts = {
        actor: await actors(client, actorId),
        runs: await runs(client, actorId),
        tasks: await tasks(client, actorId),
        schedules: await schedules(client, actorId),
        webhooks: await webhooks(client, actorId),
        dataset: await dataset(client),
        keyValueStore: await keyValueStore(client),
        requestQueue: await requestQueue(client),
        account: await account(client),
        deleted: await deleteActor(client, actorId),
    };
    return { uncalled: [...uncalled].sort(), facts };
}

async function createActor(client, sourceFiles) {
    const version = { versionNumber: '0.1', sourceType: 'SOURCE_FILES', sourceFiles, buildTag: 'latest' };
    return (await client.actors().create({ name: `hello-${NAME}`, versions: [version] })).id;
}

async function actors(client, actorId) {
    const actor = client.actor(actorId);
    const build = client.build((await actor.build('0.1', { waitForFinish: 1 })).id);
    const ended = await build.waitForFinish();
    const spare = client.build((await actor.build('0.1')).id);
    await spare.abort();
    await spare.waitForFinish();
    await spare.delete();
    const second = await actor.versions().create({ versionNumber: '0.2', sourceType: 'SOURCE_FILES', sourceFiles: [] });
    const version = actor.version('0.2');
    await version.envVars().create({ name: 'COLOR', value: 'red' });
    const color = version.envVar('COLOR');
    await color.update({ name: 'COLOR', value: 'blue' });
    const facts = {
        build: [ended.status, Boolean(await build.get()), (await build.log().get()).includes('Build finished')],
        defaultBuild: Boolean(await (await actor.defaultBuild()).get()),
        openApi: Object.keys(await build.getOpenApiDefinition()).sort().slice(0, 2),
        builds: [(await actor.builds().list()).total, await count(client.builds().list({ limit: 1 }))],
        second: second.versionNumber,
        variables: (await version.envVars().list()).items.map(({ name, value }) => [name, value]),
        iterated: [await count(version.envVars().list()), await count(actor.versions().list())],
        color: (await color.get()).value,
        title: (await actor.update({ title: 'Hello' })).title,
        listed: [(await client.actors().list({ my: true })).total, await count(client.actors().list({ my: true }))],
        valid: await actor.validateInput({ name: 'Ada' }),
        versions: (await actor.versions().list()).total,
        store: [(await client.store().list({ limit: 1 })).count, await count(client.store().list({ limit: 1 }))],
    };
    await color.delete();
    await version.update({ buildTag: 'beta' });
    facts.tag = (await version.get()).buildTag;
    await version.delete();
    return facts;
}

async function runs(client, actorId) {
    const actor = client.actor(actorId);
    const greeting = { eventTitle: 'A greeting', eventDescription: 'One greeting', eventPriceUsd: 0.01 };
    const price = {
        pricingModel: 'PAY_PER_EVENT',
        pricingPerEvent: { actorChargeEvents: { greeting } },
        apifyMarginPercentage: 0.2,
        createdAt: '2026-01-01T00:00:00.000Z',
        startedAt: '2026-01-01T00:00:00.000Z',
    };
    await actor.update({ pricingInfos: [price] });
    const called = await actor.call({ name: 'Ada' }, { log: null });
    const run = client.run((await actor.start({ sleepSecs: 60 })).id);
    await run.charge({ eventName: 'greeting', count: 2 });
    await run.update({ statusMessage: 'Sleeping' });
    const message = (await run.get()).statusMessage;
    await run.reboot();
    await run.metamorph(actorId, { name: 'Bob' });
    const followed = await run.getStreamedLog({ toLog: { info() {} } });
    followed.start();
    const ended = await run.waitForFinish();
    await followed.stop();
    const { items } = await run.dataset().listItems();
    await run.resurrect();
    await run.abort();
    const aborted = await run.waitForFinish();
    const chunks = [];
    for await (const chunk of await run.log().stream()) chunks.push(chunk);
    const streamed = Buffer.concat(chunks).toString();
    const facts = {
        called: called.status,
        charged: (await run.get()).chargedEventCounts.greeting,
        message,
        status: [ended.status, Boolean(aborted)],
        lastItem: items.at(-1).greeting, // the containers before it may have greeted, too
        input: (await run.keyValueStore().getRecord('INPUT')).value,
        queue: (await run.requestQueue().get()).totalRequestCount,
        log: [streamed.includes('Hello, Bob!'), streamed === (await run.log().get())],
        last: (await actor.lastRun().get()).id === (await run.get()).id,
        listed: [(await actor.runs().list()).total, await count(client.runs().list())],
        ofItems: (await run.dataset().listItems()).total >= 1,
    };
    await run.delete();
    return { ...facts, deleted: (await run.get()) ?? null };
}

async function tasks(client, actorId) {
    const task = client.task((await client.tasks().create({ actId: actorId, name: NAME })).id);
    await task.updateInput({ name: 'Eve' });
    await client.actor(actorId).update({ isPublic: true });
    await task.update({ publicConfig: { datasetView: 'greetings' } });
    await task.publish();
    const published = (await task.get()).isPublic;
    await task.unpublish();
    const called = await task.call();
    const facts = {
        input: await task.getInput(),
        published: [published, (await task.get()).isPublic],
        title: (await task.update({ title: 'Greet Eve' })).title,
        called: called.status,
        started: (await task.start(undefined, { waitForFinish: 60 })).status,
        last: (await task.lastRun().dataset().listItems()).items[0].greeting,
        runs: (await task.runs().list()).total,
        webhooks: (await task.webhooks().list()).total,
        listed: [(await client.tasks().list()).total, await count(client.tasks().list())],
    };
    await task.delete();
    return facts;
}

async function schedules(client, actorId) {
    const created = await client.schedules().create({
        name: NAME,
        cronExpression: '0 5 * * *',
        isEnabled: false,
        isExclusive: true,
        actions: [{ type: 'RUN_ACTOR', actorId }],
    });
    const schedule = client.schedule(created.id);
    const facts = {
        cron: (await schedule.update({ cronExpression: '@daily' })).cronExpression,
        name: (await schedule.get()).name === NAME,
        log: await schedule.getLog(),
        listed: [(await client.schedules().list()).total, await count(client.schedules().list())],
    };
    await schedule.delete();
    return { ...facts, deleted: (await schedule.get()) ?? null };
}

async function webhooks(client, actorId) {
    const created = await client.webhooks().create({
        eventTypes: ['ACTOR.RUN.FAILED'],
        condition: { actorId },
        requestUrl: NO_RECEIVER,
        doNotRetry: true,
    });
    const webhook = client.webhook(created.id);
    const dispatch = await webhook.test();
    const facts = {
        url: (await webhook.update({ requestUrl: `${NO_RECEIVER}other` })).requestUrl,
        events: (await webhook.get()).eventTypes,
        test: (await client.webhookDispatch(dispatch.id).get()).eventType,
        dispatches: [
            (await webhook.dispatches().list()).total,
            await count(webhook.dispatches().list()),
            (await client.webhookDispatches().list()).count > 0,
        ],
        listed: [(await client.actor(actorId).webhooks().list()).total, await count(client.webhooks().list())],
    };
    await webhook.delete();
    return facts;
}

async function dataset(client) {
    const dataset = client.dataset((await client.datasets().getOrCreate(NAME)).id);
    await dataset.pushItems([{ n: 1 }, { n: 2 }]);
    const csv = (await dataset.downloadItems('csv')).toString().replace('\ufeff', '').trim().split(/\s+/);
    const first = [];
    for await (const item of dataset.listItems({ limit: 1 })) first.push(item);
    const facts = {
        items: [(await dataset.listItems()).items, first],
        json: JSON.parse((await dataset.downloadItems('json')).toString()),
        csv,
        statistics: Boolean(await dataset.getStatistics()),
        count: (await dataset.get()).itemCount,
        url: (await dataset.createItemsPublicUrl()).includes('/v2/datasets/'),
        title: (await dataset.update({ title: 'Numbers' })).title,
        listed: [(await client.datasets().list()).total, await count(client.datasets().list())],
    };
    await dataset.delete();
    return facts;
}

async function keyValueStore(client) {
    const store = client.keyValueStore((await client.keyValueStores().getOrCreate(NAME)).id);
    await store.setRecord({ key: 'one', value: { a: 1 } });
    await store.setRecord({ key: 'two', value: 'text' });
    const chunks = [];
    for await (const chunk of (await store.getRecord('two', { stream: true })).value) chunks.push(chunk);
    const iterated = [];
    for await (const { key } of store.listKeys()) iterated.push(key);
    const facts = {
        one: (await store.getRecord('one')).value,
        two: [(await store.getRecord('two', { buffer: true })).value.toString(), Buffer.concat(chunks).toString()],
        exists: [await store.recordExists('one'), await store.recordExists('three')],
        keys: [(await store.listKeys()).items.map(({ key }) => key), iterated],
        urls: [
            (await store.createKeysPublicUrl()).includes('/keys'),
            (await store.getRecordPublicUrl('one')).includes('/records/one'),
        ],
        title: (await store.update({ title: 'Records' })).title,
        listed: [(await client.keyValueStores().list()).total, await count(client.keyValueStores().list())],
    };
    await store.deleteRecord('one');
    facts.left = [(await store.getRecord('one')) ?? null, Boolean(await store.get())];
    await store.delete();
    return facts;
}

async function requestQueue(client) {
    const created = await client.requestQueues().getOrCreate(NAME);
    const queue = client.requestQueue(created.id, { clientKey: 'surface' });
    const urls = [0, 1, 2, 3].map((number) => `http://example.com/${number}`);
    const first = await queue.addRequest({ url: urls[0], uniqueKey: urls[0] });
    const added = await queue.batchAddRequests(urls.slice(1).map((url) => ({ url, uniqueKey: url })));
    const locked = (await queue.listAndLockHead({ lockSecs: 60, limit: 2 })).items;
    await queue.prolongRequestLock(locked[0].id, { lockSecs: 120 });
    await queue.deleteRequestLock(locked[0].id);
    const request = { id: first.requestId, url: urls[0], uniqueKey: urls[0], method: 'POST' };
    let paginated = 0;
    for await (const page of queue.paginateRequests()) paginated += page.items.length;
    const facts = {
        added: added.processedRequests.length,
        locked: locked.map(({ url }) => url),
        unlocked: (await queue.unlockRequests()).unlockedCount,
        head: (await queue.listHead({ limit: 1 })).items.map(({ url }) => url),
        first: (await queue.getRequest(first.requestId)).url,
        updated: (await queue.updateRequest(request)).wasAlreadyPresent,
        requests: [(await queue.listRequests()).items.length, paginated],
        deleted: (await queue.batchDeleteRequests([{ uniqueKey: urls[3] }])).processedRequests.length,
        title: (await queue.update({ title: 'Pages' })).title,
        listed: [(await client.requestQueues().list()).total, await count(client.requestQueues().list())],
    };
    await queue.deleteRequest(first.requestId);
    facts.left = (await queue.get()).totalRequestCount;
    await queue.delete();
    return facts;
}

async function account(client) {
    const user = client.user('me');
    await user.updateLimits({ dataRetentionDays: 14 });
    const { id, username } = await user.get();
    return {
        me: (await client.user(username).get()).id === id,
        retention: (await user.limits()).limits.dataRetentionDays,
        usage: (await user.monthlyUsage()).totalUsageCreditsUsdAfterVolumeDiscount >= 0,
    };
}

async function deleteActor(client, actorId) {
    await client.actor(actorId).delete();
    return (await client.actor(actorId).get()) ?? null;
}

/** Return how many records a list yields when it is iterated. */
async function count(list) {
    let number = 0;
    for await (const _ of list) number += 1;
    return number;
}

console.log(JSON.stringify(await main(...process.argv.slice(2))));
