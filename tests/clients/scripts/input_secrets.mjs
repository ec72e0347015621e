// Reads secrets that we encrypted and encrypts the same input, with the platform's own package and its public key.
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { text } from 'node:stream/consumers';

import { decryptInputSecrets, encryptInputSecrets, isEncryptedValueForFieldSchema } from '@apify/input_secrets';

const { key, passphrase, schema, plain, ours } = JSON.parse(await text(process.stdin));
const privateKey = createPrivateKey({ key, passphrase });
process.stdout.write(
    JSON.stringify({
        read: decryptInputSecrets({ input: ours, privateKey }),
        isForSchema: isEncryptedValueForFieldSchema(ours.login, schema.properties.login),
        written: encryptInputSecrets({ input: plain, inputSchema: schema, publicKey: createPublicKey(privateKey) }),
    }),
);
