import { Actor, log } from 'apify';
import { PlaywrightCrawler } from 'crawlee';

import { exhaust } from './exhaust.js';

await Actor.init();
const { startUrls, maxPages = 5, exhaust: kind = 'nothing' } = await Actor.getInput();
let crawled = 0;

const crawler = new PlaywrightCrawler({
    headless: true,
    maxRequestsPerCrawl: maxPages,
    maxConcurrency: 1, // otherwise the page limit is not exact
    maxRequestRetries: 1,
    async requestHandler({ page, request, pushData, enqueueLinks }) {
        await exhaust(kind, page);
        await pushData({
            url: request.loadedUrl,
            title: await page.title(),
            depth: request.crawlDepth,
            links: await page.locator('a[href]').count(),
        });
        await enqueueLinks({ strategy: 'same-hostname' });
        crawled += 1;
        await Actor.setStatusMessage(`Crawled ${crawled} pages`);
    },
    failedRequestHandler({ request }, error) {
        log.warning(`Gave up on ${request.url}: ${error.message}`);
    },
});

await crawler.run(startUrls.map(({ url }) => url));
if (crawled) await Actor.exit(`Crawled ${crawled} pages`);
await Actor.fail('Not one page could be crawled');
