// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { decode, faultIn, fromBase64, hex, type JournalRecord } from '../../src/journal/record';

const text = (value: string) => {
    const bytes = Buffer.from(value);
    return Buffer.concat([Buffer.from([bytes.length]), bytes]);
};
const u64 = (value: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(BigInt(value));
    return bytes;
};

function encode(seq: number, before: Buffer, object: string): Buffer {
    const body = Buffer.concat([
        Buffer.from([1]), u64(seq), u64(1795370401000), text('centre-1'), u64(3), text('officer:li'), Buffer.alloc(32, 7),
        text('device-suspend'), text(object), Buffer.from([14]), text('registered'), before,
    ]);
    return Buffer.concat([body, createHash('sha256').update(body).digest()]);
}

function chain(length: number): Buffer[] {
    const blobs: Buffer[] = [];
    for (let seq = 1; seq <= length; seq++) {
        blobs.push(encode(seq, seq === 1 ? Buffer.alloc(32) : blobs[seq - 2]!.subarray(-32), `phone-${seq}`));
    }
    return blobs;
}
const decoded = (blobs: Buffer[]) => blobs.map((blob) => decode(new Uint8Array(blob)) as JournalRecord);
const head = (blobs: Buffer[]) => hex(blobs[blobs.length - 1]!.subarray(-32));

test('reads every field', () => {
    const record = decode(fromBase64(encode(258, Buffer.alloc(32, 9), '电表-1').toString('base64')));
    assert.equal(record?.seq, 258);
    assert.equal(record?.timeMs, 1795370401000);
    assert.equal(record?.node, 'centre-1');
    assert.equal(record?.epoch, 3);
    assert.equal(record?.actor, 'officer:li');
    assert.equal(record?.certificate, '07'.repeat(32));
    assert.equal(record?.verb, 'device-suspend');
    assert.equal(record?.object, '电表-1');
    assert.equal(record?.result, 14);
    assert.equal(record?.detail, 'registered');
    assert.equal(record?.before, '09'.repeat(32));
});

test('reads no record that is cut, longer, or of another version', () => {
    const blob = encode(1, Buffer.alloc(32), 'x');
    for (let cut = 0; cut < blob.length; cut++) {
        assert.equal(decode(new Uint8Array(blob.subarray(0, cut))), undefined);
    }
    assert.equal(decode(new Uint8Array(Buffer.concat([blob, Buffer.from([0])]))), undefined);
    blob[0] = 2;
    assert.equal(decode(new Uint8Array(blob)), undefined);
});

test('a whole chain has no fault', async () => {
    const blobs = chain(5);
    assert.equal(await faultIn(decoded(blobs), 5, head(blobs)), undefined);
    assert.equal(await faultIn(decoded(blobs.slice(2)), 5, head(blobs)), undefined);
    assert.equal(await faultIn([], 5, head(blobs)), undefined);
});

test('every changed bit is found', async () => {
    const blobs = chain(3);
    for (let bit = 0; bit < blobs[1]!.length * 8; bit++) {
        const changed = Buffer.from(blobs[1]!);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        const record = decode(new Uint8Array(changed));
        const [first, , third] = decoded(blobs);
        if (record !== undefined) {
            assert.notEqual(await faultIn([first!, record, third!], 3, head(blobs)), undefined, `bit ${bit}`);
        }
    }
});

test('a removed, moved or rebuilt record is found', async () => {
    const blobs = chain(4);
    const records = decoded(blobs);
    assert.deepEqual(await faultIn([records[0]!, records[2]!, records[3]!], 4, head(blobs)), { seq: 3, fault: 'chain' });
    assert.equal((await faultIn([records[1]!, records[0]!], 4, head(blobs)))?.fault, 'chain');
    const rebuilt = [...blobs.slice(0, 3), encode(4, blobs[2]!.subarray(-32), 'another')];
    assert.deepEqual(await faultIn(decoded(rebuilt), 4, head(blobs)), { seq: 4, fault: 'head' });
});
