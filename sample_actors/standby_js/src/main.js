// An HTTP server for the Standby mode of the Apify platform. See README.md for its paths.

import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { Actor, log } from 'apify';

const PROBE = 'x-apify-container-server-readiness-probe';

await Actor.init();

if (Actor.config.get('metaOrigin') !== 'STANDBY') {
    // `Actor.fail` sends its message without waiting for it to arrive.
    const message = 'This Actor only serves its Standby address. Send a request there instead of starting a run.';
    await Actor.setStatusMessage(message, { isStatusMessageTerminal: true });
    await Actor.exit({ exitCode: 1 });
}

const input = await Actor.getInput();
let served = 0;
let open = 0;

const paths = {
    '/': async (url, response) => sendJson(response, describe()),
    '/wait': async (url, response) => {
        await sleep(Number(url.searchParams.get('secs') ?? 1) * 1000);
        sendJson(response, describe());
    },
    '/events': async (url, response) => {
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        for (let number = 1; number <= Number(url.searchParams.get('count') ?? 3); number++) {
            response.write(`data: ${number}\n\n`);
            await sleep(100);
        }
        response.end();
    },
    '/exit': async (url) => process.exit(Number(url.searchParams.get('code') ?? 1)),
};

const server = http.createServer(async (request, response) => {
    if (PROBE in request.headers) {
        response.end('ready\n');
        return;
    }
    const url = new URL(request.url, 'http://localhost');
    served += 1;
    open += 1;
    response.on('close', () => { open -= 1; });
    const answer = paths[url.pathname];
    if (answer) await answer(url, response);
    else sendJson(response, { error: `There is no path ${url.pathname}` }, 404);
});

server.listen(Actor.config.get('containerPort'), () => log.info('The server is ready'));
Actor.on('aborting', () => log.info(`Stopping after ${served} requests`));

function describe() {
    return {
        greeting: input?.greeting ?? null,
        runId: Actor.config.get('actorRunId'),
        standbyUrl: Actor.config.get('standbyUrl'),
        served,
        open,
    };
}

function sendJson(response, value, status = 200) {
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(`${JSON.stringify(value)}\n`);
}
