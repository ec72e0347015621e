// Crawls a site through Apify Proxy, with the crawler that the input names.
import { Actor } from 'apify';
import { CheerioCrawler, PlaywrightCrawler } from 'crawlee';

await Actor.init();
const { site, groups, concurrency, pages, with: crawlerName } = await Actor.getInput();
const proxyConfiguration = await Actor.createProxyConfiguration({ groups });
const options = { proxyConfiguration, minConcurrency: concurrency, maxConcurrency: concurrency };

async function storePage({ request, addRequests, pushData }, html) {
    await pushData({ url: request.url });
    await addRequests([...html.matchAll(/href="(\/[^"]*)"/g)].map(([, link]) => site + link));
}

const crawler =
    crawlerName === 'playwright'
        ? new PlaywrightCrawler({
              proxyConfiguration,
              maxRequestsPerCrawl: pages,
              requestHandler: async (context) => storePage(context, await context.page.content()),
          })
        : new CheerioCrawler({ ...options, requestHandler: (context) => storePage(context, context.body.toString()) });
await crawler.run([`${site}/0`]);
await Actor.exit();
