// Sets the Standby settings of an Actor and a task with the client of Apify: `node standby.mjs URL TOKEN`.
import { ApifyClient } from 'apify-client';

const [baseUrl, token] = process.argv.slice(2);
const client = new ApifyClient({ baseUrl, token });
const created = await client.actors().create({
    name: 'served',
    actorStandby: { isEnabled: true, desiredRequestsPerActorRun: 2, maxRequestsPerActorRun: 5, idleTimeoutSecs: 60 },
});
const actor = await client.actor(created.id).update({ actorStandby: { idleTimeoutSecs: 30 } });
const task = await client.tasks().create({ actId: actor.id, name: 'mine', actorStandby: { memoryMbytes: 512 } });
const off = await client.actor(actor.id).update({ actorStandby: { isEnabled: false } });
console.log(JSON.stringify([
    [actor.actorStandby.maxRequestsPerActorRun, actor.actorStandby.idleTimeoutSecs, actor.actorStandby.build],
    [actor.standbyUrl, task.standbyUrl, off.standbyUrl],
]));
