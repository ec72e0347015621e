// Sends requests to the web server of a run with Node's clients: fetch, and http with everything that fetch hides.
import http from 'node:http';
import { respondToLines } from './lines.mjs';

const agent = new http.Agent({ keepAlive: true, maxSockets: 2 });

await respondToLines(async ({ base, size }) => {
    const seen = {};
    const headers = { 'X-Own': 'value' };
    const get = await fetch(`${base}/echo?a=1`, { headers });
    seen.fetch = [get.status, await get.text()];
    const stream = new ReadableStream({
        start(controller) {
            for (const part of ['one,', 'two']) controller.enqueue(new TextEncoder().encode(part));
            controller.close();
        },
    });
    const post = await fetch(`${base}/echo`, { method: 'POST', body: stream, duplex: 'half', headers });
    seen.stream = await post.text();
    const big = await fetch(`${base}/echo`, { method: 'PUT', body: Buffer.alloc(size, 'x'), headers });
    seen.big = (await big.arrayBuffer()).byteLength;
    seen.head = (await fetch(`${base}/echo`, { method: 'HEAD', headers })).headers.get('content-length');
    seen.empty = (await fetch(`${base}/empty`, { headers })).status;
    seen.hints = await hints(`${base}/hints`, headers);
    seen.trailers = await trailers(`${base}/trailers`, headers);
    seen.continued = await continued(`${base}/echo`, headers);
    seen.upgrade = await rejectedUpgrade(`${base}/echo`, headers);
    return seen;
});

function finished(request) {
    return new Promise((resolve, reject) => {
        request.on('error', reject);
        request.on('response', (response) => {
            let body = '';
            response.on('data', (piece) => (body += piece));
            response.on('end', () => resolve({ response, body }));
        });
    });
}

async function hints(url, headers) {
    const request = http.get(url, { agent, headers });
    const links = [];
    request.on('information', (info) => links.push([info.statusCode, info.headers.link]));
    const { body } = await finished(request);
    return [links, body];
}

async function trailers(url, headers) {
    const request = http.request(url, { agent, headers: { ...headers, Trailer: 'X-Sum' }, method: 'POST' });
    request.write('body');
    request.addTrailers({ 'X-Sum': '1' });
    request.end();
    const { response, body } = await finished(request);
    return [body, response.trailers];
}

async function continued(url, headers) {
    const request = http.request(url, { agent, headers: { ...headers, Expect: '100-continue' }, method: 'POST' });
    const sent = new Promise((resolve) => request.on('continue', () => resolve(request.end('late'))));
    request.flushHeaders();
    const [{ body }] = await Promise.all([finished(request), sent]);
    return body;
}

async function rejectedUpgrade(url, headers) {
    const upgrade = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Key': 'MDEyMzQ1Njc4OWFiY2RlZg==' };
    const { response, body } = await finished(http.get(url, { headers: { ...headers, ...upgrade } }));
    return [response.statusCode, body];
}
