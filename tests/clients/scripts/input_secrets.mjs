// Reads secrets that we encrypted and encrypts the same input, with the platform's own package and its public key.
import { createPrivateKey, createPublicKey } from 'node:crypto';

import { decryptInputSecrets, encryptInputSecrets, isEncryptedValueForFieldSchema } from '@apify/input_secrets';

import { answerLines } from './lines.mjs';

await answerLines(({ key, passphrase, schema, plain, ours }) => {
    const privateKey = createPrivateKey({ key, passphrase });
    return {
        read: decryptInputSecrets({ input: ours, privateKey }),
        isForSchema: isEncryptedValueForFieldSchema(ours.login, schema.properties.login),
        written: encryptInputSecrets({ input: plain, inputSchema: schema, publicKey: createPublicKey(privateKey) }),
    };
});
