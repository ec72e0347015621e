// Prints the URLs that the client signs for a dataset, a key-value store and its record KEY.
import { ApifyClient } from 'apify-client';

const [baseUrl, token, dataset, store] = process.argv.slice(2);
const client = new ApifyClient({ baseUrl, publicBaseUrl: baseUrl, token });
const urls = [
    await client.dataset(dataset).createItemsPublicUrl(),
    await client.dataset(dataset).createItemsPublicUrl({ expiresInSecs: 3600 }),
    await client.keyValueStore(store).createKeysPublicUrl(),
    await client.keyValueStore(store).getRecordPublicUrl('KEY'),
];
process.stdout.write(JSON.stringify(urls));
