// Crawlee's storages, persisted on disk, behind the platform's routes. Prints its port when it listens.
import { MemoryStorage } from '@crawlee/memory-storage';
import express from 'express';

const storage = new MemoryStorage({ localDataDirectory: process.argv[2], persistStorage: true });
const app = express();
app.use(express.json({ limit: '10mb' }));
app.use(express.raw({ type: 'application/octet-stream', limit: '200mb' }));

const number = (value) => (value === undefined ? undefined : Number(value));

for (const [path, collection] of [
    ['datasets', 'datasets'],
    ['request-queues', 'requestQueues'],
    ['key-value-stores', 'keyValueStores'],
]) {
    app.post(`/v2/${path}`, async (req, res) => {
        res.status(201).json({ data: await storage[collection]().getOrCreate(req.query.name) });
    });
}

app.post('/v2/datasets/:id/items', async (req, res) => {
    await storage.dataset(req.params.id).pushItems(req.body);
    res.status(201).json({});
});
app.get('/v2/datasets/:id/items', async ({ params, query }, res) => {
    const page = { offset: number(query.offset), limit: number(query.limit) };
    const { items } = await storage.dataset(params.id).listItems(page);
    res.json(items);
});

app.post('/v2/request-queues/:id/requests/batch', async (req, res) => {
    res.status(201).json({ data: await storage.requestQueue(req.params.id).batchAddRequests(req.body) });
});
app.get('/v2/request-queues/:id/head', async (req, res) => {
    res.json({ data: await storage.requestQueue(req.params.id).listHead({ limit: number(req.query.limit) }) });
});
app.post('/v2/request-queues/:id/head/lock', async (req, res) => {
    const options = { limit: number(req.query.limit), lockSecs: number(req.query.lockSecs) };
    res.status(201).json({ data: await storage.requestQueue(req.params.id).listAndLockHead(options) });
});
app.put('/v2/request-queues/:id/requests/:request', async (req, res) => {
    res.json({ data: await storage.requestQueue(req.params.id).updateRequest(req.body) });
});

app.put('/v2/key-value-stores/:id/records/:key', async (req, res) => {
    const record = { key: req.params.key, value: req.body, contentType: req.get('content-type') };
    await storage.keyValueStore(req.params.id).setRecord(record);
    res.status(201).json({});
});
app.get('/v2/key-value-stores/:id/records/:key', async (req, res) => {
    const record = await storage.keyValueStore(req.params.id).getRecord(req.params.key, { buffer: true });
    res.type(record.contentType).send(record.value);
});

const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port));
