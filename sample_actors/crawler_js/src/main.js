// Start with what is quick: a line in the log and the web page. The libraries take their time after that.
import { Progress } from './progress.js';
import { serve } from './web_page.js';

console.log('Crawler Actor is awake');
const progress = new Progress();
serve(progress, process.env.ACTOR_WEB_SERVER_PORT);

const { crawl } = await import('./crawl.js');
await crawl(progress);
