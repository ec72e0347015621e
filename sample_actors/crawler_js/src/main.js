// Print a log line and start the web page first. Importing the libraries is slow on little CPU.
import { Progress } from './progress.js';
import { serve } from './web_page.js';

console.log('Crawler Actor is awake');
const progress = new Progress();
serve(progress, process.env.ACTOR_WEB_SERVER_PORT);

const { crawl } = await import('./crawl.js');
await crawl(progress);
