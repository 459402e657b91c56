// SPDX-License-Identifier: Apache-2.0
// Share files made by Node's own scrypt and AES, opened by the page's code.
import assert from 'node:assert/strict';
import { createCipheriv, randomBytes, scryptSync } from 'node:crypto';
import { test } from 'node:test';
import { NoShare, SHARE_FILE_LEN, WrongPassphrase, fromBase64, openShare, sealShare, toBase64 } from '../../src/seal/share';

const passphrase = 'correct horse battery staple';

function make() {
    const salt = randomBytes(16);
    const ceremony = randomBytes(16);
    const secret = randomBytes(64); // payload and check
    const head = Buffer.concat([Buffer.from('QWS\x01'), Buffer.from([10, 8, 1]), salt, ceremony, Buffer.from([2, 3, 5])]);
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', scryptSync(passphrase, salt, 32, { N: 1024, r: 8, p: 1 }), nonce).setAAD(head);
    const file = Buffer.concat([head, nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()]);

    return { file: new Uint8Array(file), share: Buffer.concat([Buffer.from('QWC\x01'), ceremony, Buffer.from([2, 3, 5]), secret]) };
}

test('a share file opens with its passphrase to the 87 bytes that are sent', async () => {
    const { file, share } = make();

    assert.equal(file.length, SHARE_FILE_LEN);
    assert.deepEqual(Buffer.from(await openShare(file, passphrase)), share);
    assert.equal(share.length, 87);
    assert.equal(toBase64(new Uint8Array(share)), share.toString('base64'));
});

test('another passphrase opens nothing', async () => {
    await assert.rejects(openShare(make().file, `${passphrase} `), WrongPassphrase);
    await assert.rejects(openShare(make().file, ''), WrongPassphrase);
});

test('every altered byte is found', async () => {
    const { file } = make();

    for (let at = 0; at < file.length; at += at < 7 ? 1 : 9) {
        const altered = file.slice();
        altered[at] = altered[at]! ^ (at === 4 ? 1 : 0x80); // 2^11 is a cost, and another key
        await assert.rejects(openShare(altered, passphrase), (error) => error instanceof NoShare || error instanceof WrongPassphrase, `byte ${at}`);
    }
});

test('what is shorter, longer or costs too much is no share', async () => {
    const { file } = make();
    const costly = file.slice();

    costly[4] = 21;
    await assert.rejects(openShare(file.slice(0, -1), passphrase), NoShare);
    await assert.rejects(openShare(new Uint8Array([...file, 0]), passphrase), NoShare);
    await assert.rejects(openShare(new Uint8Array(), passphrase), NoShare);
    await assert.rejects(openShare(costly, passphrase), NoShare);
});

test('what the page seals it opens again, and nobody else’s passphrase does', async () => {
    const { share } = make();
    const cost = { log2N: 10, r: 8, p: 1 };
    const file = await sealShare(new Uint8Array(share), passphrase, cost);
    const other = await sealShare(new Uint8Array(share), passphrase, cost);

    assert.equal(file.length, SHARE_FILE_LEN);
    assert.deepEqual(Buffer.from(await openShare(file, passphrase)), share);
    await assert.rejects(openShare(file, `${passphrase}!`), WrongPassphrase);
    assert.notDeepEqual(file.slice(7, 23), other.slice(7, 23), 'another salt');
    assert.notDeepEqual(file.slice(42, 54), other.slice(42, 54), 'another nonce');
    assert.deepEqual(fromBase64(share.toString('base64')), new Uint8Array(share));
});

test('only a share is sealed', async () => {
    await assert.rejects(sealShare(new Uint8Array(87), passphrase), NoShare);
    await assert.rejects(sealShare(new Uint8Array(86), passphrase), NoShare);
});
