// Publishes a task and unpublishes it. Prints its publication after each step.
import { ApifyClient } from 'apify-client';

const [baseUrl, token, taskId] = process.argv.slice(2);
const task = new ApifyClient({ baseUrl, token }).task(taskId);
const steps = [
    await task.update({ description: 'Daily', publicConfig: { datasetView: 'greetings', seoTitle: 'Greet' } }),
    await task.publish(),
    await task.publish(),
    await task.unpublish(),
];
const shown = ({ description, isPublic, publicConfig }) => [
    description, isPublic, publicConfig.datasetView, publicConfig.publishedAt instanceof Date,
];
console.log(JSON.stringify(steps.map(shown)));
