import { setTimeout as sleep } from 'node:timers/promises';

import { CheerioCrawler } from '@crawlee/cheerio';
import { Actor, log } from 'apify';

export async function crawl(progress) {
    await Actor.init();
    const { startUrls, maxPages = 20, minDurationSecs = 0 } = await Actor.getInput();
    const urls = startUrls.map(({ url }) => url);
    log.info(`Crawling from ${urls.join(', ')}`);
    progress.state = 'crawling';
    await crawler(progress, maxPages).run(urls);
    progress.state = 'finishing';
    await sleep(Math.max(0, minDurationSecs - progress.elapsedSecs) * 1000);
    await finish(progress, urls);
}

function crawler(progress, maxPages) {
    return new CheerioCrawler({
        maxRequestsPerCrawl: maxPages,
        maxConcurrency: 1, // otherwise the page limit is not exact
        async requestHandler({ $, request, pushData, enqueueLinks }) {
            const page = {
                url: request.loadedUrl ?? request.url,
                title: $('title').first().text().trim(),
                depth: request.crawlDepth,
                links: $('a[href]').length,
            };
            await pushData(page);
            await enqueueLinks({ strategy: 'same-hostname' });
            progress.add(page);
            await Actor.setStatusMessage(`Crawled ${progress.crawled} pages`);
        },
        failedRequestHandler({ request }, error) {
            progress.failed += 1;
            log.warning(`Gave up on ${request.url}: ${error.message}`);
        },
    });
}

/** Store the summary and end the Actor. The run fails if no page could be crawled. */
async function finish(progress, startUrls) {
    const { crawled, failed, elapsedSecs } = progress;
    await Actor.setValue('OUTPUT', { startUrls, crawled, failed, durationSecs: Number(elapsedSecs.toFixed(1)) });
    if (crawled) await Actor.exit(`Crawled ${crawled} pages, ${failed} failed`);
    await Actor.fail('Not one page could be crawled');
}
