// Two users work with one public Actor and its environment variables, with apify-client for JavaScript.
// Prints the results as JSON.
import { ApifyClient } from 'apify-client';

async function main(url, alice, bob, actor) {
    const owner = new ApifyClient({ baseUrl: url, token: alice });
    const other = new ApifyClient({ baseUrl: url, token: bob });
    return { variables: await variables(owner.actor(actor).version('0.0')), public: await open(owner, other, actor) };
}

async function variables(ofVersion) {
    await ofVersion.envVars().create({ name: 'SECRET', value: 'hunter2', isSecret: true });
    await ofVersion.envVars().create({ name: 'OPEN', value: 'sesame' });
    const { items } = await ofVersion.envVars().list();
    const variable = ofVersion.envVar('OPEN');
    const result = {
        listed: items.map(({ name, value, isSecret }) => [name, value ?? null, isSecret ?? false]),
        changed: (await variable.update({ name: 'OPEN', value: 'other' })).value,
        shown: (await variable.get()).value,
        taken: await errorOf(ofVersion.envVars().create({ name: 'OPEN', value: 'x' })),
    };
    await ofVersion.envVar('SECRET').delete();
    await variable.delete();
    return { ...result, deleted: (await variable.get()) ?? null };
}

function shownVersion({ versionNumber, sourceType, sourceFiles }) {
    return [versionNumber, sourceType, sourceFiles ?? null];
}

async function open(owner, other, actor) {
    const { name } = await owner.actor(actor).get();
    const closed = await other.actor(`alice/${name}`).get();
    await owner.actor(actor).update({ isPublic: true });
    const shared = other.actor(`alice/${name}`);
    const run = await shared.call(undefined, { log: null });
    return {
        private: closed ?? null,
        versions: (await shared.get()).versions.map(shownVersion),
        update: await errorOf(shared.update({ title: 'Mine' })),
        status: run.status,
        isBobs: run.userId === (await other.user('me').get()).id,
        runs: (await shared.runs().list()).items.map(({ id }) => id === run.id),
        runsOfOwner: (await owner.actor(actor).runs().list()).items.length,
        mine: (await other.actors().list({ my: true })).items.map(({ username }) => username),
        used: (await other.actors().list()).items.map(({ username }) => username),
        defaultBuild: (await (await shared.defaultBuild()).get()).status,
    };
}

async function errorOf(call) {
    try {
        return [await call];
    } catch (problem) {
        return [problem.statusCode, problem.type];
    }
}

console.log(JSON.stringify(await main(...process.argv.slice(2))));
