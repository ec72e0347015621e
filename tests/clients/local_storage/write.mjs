// Fills the default storages, a named dataset and a named queue with everything that an import must handle.
import { Actor } from 'apify';

await Actor.init();
await Actor.pushData([{ n: 1, text: 'ü\u2028' }, { n: 2, nested: { list: [1, { b: null }] } }]);
for (let n = 3; n <= 12; n++) await Actor.pushData({ n });
await (await Actor.openDataset('other-data')).pushData({ x: 0.5, big: 9007199254740991 });

await Actor.setValue('OUTPUT', { a: ['ü'] });
await Actor.setValue('words', 'häuser', { contentType: 'text/plain; charset=utf-8' });
await Actor.setValue('page-1.html', '<p>ü</p>', { contentType: 'text/html; charset=utf-8' });
await Actor.setValue("odd!'().key", Buffer.from([0, 255, 254, 10]), { contentType: 'application/octet-stream' });

const queue = await Actor.openRequestQueue();
for (let n = 1; n <= 4; n++) await queue.addRequest({ url: `http://site/${n}`, userData: { n, deep: { list: [n] } } });
await queue.addRequest({
    url: 'http://site/form', method: 'POST', payload: 'a=ü', headers: { accept: 'x' }, uniqueKey: 'form',
});
await queue.addRequest({ url: 'http://site/front' }, { forefront: true });
await queue.addRequest({ url: 'http://site/very-front' }, { forefront: true });
const handled = await queue.fetchNextRequest();
await queue.markRequestHandled(handled);
const failed = await queue.fetchNextRequest();
failed.retryCount = 2;
await queue.reclaimRequest(failed, { forefront: true });
await (await Actor.openRequestQueue('other-queue')).addRequest({ url: 'http://elsewhere/' });
await Actor.exit();
