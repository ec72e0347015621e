// Crawls a site from a named queue into a named dataset, perhaps beside other runs that do the same.
import { Actor } from 'apify';
import { HttpCrawler } from 'crawlee';

await Actor.init();
const { site, name, atOnce, lockSecs } = await Actor.getInput();
const requestQueue = await Actor.openRequestQueue(name);
const dataset = await Actor.openDataset(name);
const crawler = new HttpCrawler({
    requestQueue,
    minConcurrency: atOnce,
    maxConcurrency: atOnce,
    async requestHandler({ request, body, addRequests }) {
        const links = [...body.toString().matchAll(/href="(\/[^"]*)"/g)].map(([, link]) => site + link);
        await addRequests(links);
        await dataset.pushData({ url: request.url, run: Actor.getEnv().actorRunId });
    },
});
if (lockSecs) requestQueue.requestLockSecs = lockSecs; // the crawler has set it to its own choice of a minute
await crawler.run([`${site}/0`]);
await Actor.exit();
