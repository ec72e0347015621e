// Calls all methods of schedules with apify-client for JavaScript, and prints the results as JSON.
import { ApifyClient } from 'apify-client';

async function main(baseUrl, token, actorId, actorTaskId, logged) {
    const client = new ApifyClient({ baseUrl, token });
    const runInput = { body: '{"a": 1}', contentType: 'application/json' };
    const runOptions = { build: 'latest', timeoutSecs: 60, memoryMbytes: 256 };
    const actions = [
        { type: 'RUN_ACTOR', actorId, runInput, runOptions },
        { type: 'RUN_ACTOR_TASK', actorTaskId, input: { b: 2 } },
    ];
    const given = { cronExpression: '0 8 * * *', isEnabled: true, isExclusive: false, timezone: 'Europe/Prague' };
    const fields = { name: 'mine', title: 'Mine', description: 'Daily', actions, ...given };
    const created = await client.schedules().create(fields);
    const schedule = client.schedule(created.id);
    const result = {
        created,
        shown: await schedule.get(),
        listed: (await client.schedules().list({ limit: 10, desc: true })).items.map(({ name }) => name),
        taken: await errorOf(client.schedules().create({ name: 'mine', ...given })),
        invalid: await errorOf(schedule.update({ cronExpression: '61 * * * *' })),
        updated: await schedule.update({ cronExpression: '@hourly', isEnabled: false }),
        log: await client.schedule(logged).getLog(),
    };
    await schedule.delete();
    const none = { deleted: (await schedule.get()) ?? null, logOfDeleted: (await schedule.getLog()) ?? null };
    return { ...result, ...none };
}

async function errorOf(call) {
    try {
        await call;
    } catch ({ statusCode, type }) {
        return [statusCode, type];
    }
    return [];
}

console.log(JSON.stringify(await main(...process.argv.slice(2))));
