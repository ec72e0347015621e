// Takes its own run through the transition that its input names, with the Apify SDK.
import { setTimeout as sleep } from 'node:timers/promises';

import { Actor } from 'apify';

const TICK_MILLIS = 300;

/** Make the transition. Return the result for the output. Many transitions end this life. */
async function act({ do: what, lives, target, targetInput, runId, pages, url }, state) {
    switch (what) {
        case 'crash':
            if (state.lives < lives) await Actor.exit({ exitCode: 1 });
            break;
        case 'reboot':
            if (state.lives < lives) {
                await Actor.setStatusMessage('Rebooting', { isStatusMessageTerminal: true });
                await Actor.reboot();
            }
            break;
        case 'metamorph':
            await Actor.metamorph(target, targetInput);
            break;
        case 'call':
            return call(target, targetInput);
        case 'start':
            return { runId: (await Actor.start(target, targetInput)).id };
        case 'abort':
            return { status: (await Actor.abort(runId)).status };
        case 'charge':
            return charge(pages, state);
        case 'webhook':
            await addWebhook(url);
            break;
        case 'wait':
            await wait(state);
            break;
    }
    return null;
}

/** Push items and charge for as many pages. If the run reaches its maximum cost, wait for the platform to act. */
async function charge(pages, state) {
    await Actor.pushData(Array.from({ length: pages }, (_, number) => ({ page: number })));
    const { chargedCount, eventChargeLimitReached } = await Actor.charge({ eventName: 'page', count: pages });
    const result = { charged: chargedCount, limitReached: eventChargeLimitReached };
    await Actor.setValue('CHARGED', result);
    if (eventChargeLimitReached) await wait(state);
    return result;
}

async function call(target, input) {
    const { id, status, defaultDatasetId } = await Actor.call(target, input);
    const dataset = await Actor.openDataset(defaultDatasetId);
    return { runId: id, status, items: (await dataset.getData()).items };
}

async function addWebhook(requestUrl) {
    const idempotencyKey = `webhook-of-${Actor.getEnv().actorRunId}`;
    const webhook = { eventTypes: ['ACTOR.RUN.SUCCEEDED'], requestUrl, idempotencyKey };
    await Actor.addWebhook(webhook);
    await Actor.addWebhook(webhook);
}

/** Count ticks until the run's store has a record GO. */
async function wait(state) {
    while ((await Actor.getValue('GO')) === null) {
        state.ticks += 1;
        await Actor.setStatusMessage(`Waited ${state.ticks} ticks`);
        await sleep(TICK_MILLIS);
    }
}

/** Log the events from the platform. The SDK leaves early by itself. */
function listen() {
    Actor.on('aborting', () => console.log('Received: aborting'));
    Actor.on('persistState', ({ isMigrating = false } = {}) => {
        console.log(`Received: persistState, isMigrating ${isMigrating}`);
    });
    Actor.on('migrating', async ({ timeRemainingSecs } = {}) => {
        if (timeRemainingSecs === undefined) return; // the SDK itself emits this second event when it reboots
        console.log('Received: migrating');
        await Actor.setValue('MIGRATING', { timeRemainingSecs });
    });
}

await Actor.init();
const given = { do: 'exit', lives: 2, ...(await Actor.getInput()) };
const state = await Actor.useState('STATE', { lives: 0, ticks: 0 }); // stored by the SDK
listen();
state.lives += 1;
console.log(`Life ${state.lives} begins after ${state.ticks} ticks: ${given.do}`);
const result = await act(given, state);
await Actor.setValue('OUTPUT', { input: given, result });
await Actor.pushData({ did: given.do, lives: state.lives });
if (given.do === 'fail') await Actor.fail(given.message);
else await Actor.exit(given.message);
