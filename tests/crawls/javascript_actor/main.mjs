// Crawls a site with a named request queue and a named dataset, which other runs may share.
import { Actor } from 'apify';
import { HttpCrawler } from 'crawlee';

await Actor.init();
const { site, name, concurrency, lockSecs } = await Actor.getInput();
const requestQueue = await Actor.openRequestQueue(name);
const dataset = await Actor.openDataset(name);
const crawler = new HttpCrawler({
    requestQueue,
    minConcurrency: concurrency,
    maxConcurrency: concurrency,
    async requestHandler({ request, body, addRequests }) {
        const links = [...body.toString().matchAll(/href="(\/[^"]*)"/g)].map(([, link]) => site + link);
        await addRequests(links);
        await dataset.pushData({ url: request.url, run: Actor.getEnv().actorRunId });
    },
});
if (lockSecs) requestQueue.requestLockSecs = lockSecs; // replaces the crawler's own setting of a minute
await crawler.run([`${site}/0`]);
await Actor.exit();
