// Decrypts secrets that Greenroom encrypted, and encrypts the same input, with the platform's own package.
import { createPrivateKey, createPublicKey } from 'node:crypto';

import { decryptInputSecrets, encryptInputSecrets, isEncryptedValueForFieldSchema } from '@apify/input_secrets';

import { respondToLines } from './lines.mjs';

await respondToLines(({ key, passphrase, schema, plain, ours }) => {
    const privateKey = createPrivateKey({ key, passphrase });
    return {
        read: decryptInputSecrets({ input: ours, privateKey }),
        isForSchema: isEncryptedValueForFieldSchema(ours.login, schema.properties.login),
        written: encryptInputSecrets({ input: plain, inputSchema: schema, publicKey: createPublicKey(privateKey) }),
    };
});
