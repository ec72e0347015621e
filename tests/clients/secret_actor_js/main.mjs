// Stores what the JavaScript SDK reads from an input with secrets.
import { Actor } from 'apify';

await Actor.init();
const { password, headers, retries } = await Actor.getInput();
console.log(`The password is ${password}`);
await Actor.setValue('OUTPUT', { password: [...password].reverse().join(''), headers, retries });
await Actor.exit();
