// SPDX-License-Identifier: Apache-2.0
// Records of the journal: docs/design/store.md has the bytes, docs/protocol/journal.md the chain.
export interface JournalRecord {
    seq: number;
    timeMs: number;
    node: string;
    epoch: number;
    actor: string;
    certificate: string; // hex
    verb: string;
    object: string;
    result: number; // enum qw_err; 0 is done
    detail: string;
    before: string; // hash of the record before, hex
    hash: string; // as the record says
    body: Uint8Array; // what the hash is over
}

const HASH_LEN = 32;

export function hex(bytes: Uint8Array): string {
    return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function fromBase64(text: string): Uint8Array {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** undefined: no record of version 1, or bytes are missing or left over. */
export function decode(blob: Uint8Array): JournalRecord | undefined {
    const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
    const utf8 = new TextDecoder();
    let at = 0;
    let ok = true;

    function take(len: number): Uint8Array {
        ok = ok && at + len <= blob.length;
        const part = ok ? blob.subarray(at, at + len) : new Uint8Array(len);
        at += len;
        return part;
    }
    const number = (len: 1 | 8) => {
        const start = at;
        take(len);
        return !ok ? 0 : len === 1 ? view.getUint8(start) : Number(view.getBigUint64(start));
    };
    const text = () => utf8.decode(take(number(1)));

    const version = number(1);
    const record: JournalRecord = {
        seq: number(8),
        timeMs: number(8),
        node: text(),
        epoch: number(8),
        actor: text(),
        certificate: hex(take(HASH_LEN)),
        verb: text(),
        object: text(),
        result: number(1),
        detail: text(),
        before: hex(take(HASH_LEN)),
        hash: '',
        body: blob.subarray(0, Math.min(at, blob.length)),
    };
    record.hash = hex(take(HASH_LEN));
    return ok && version === 1 && at === blob.length ? record : undefined;
}

export type Fault = 'hash' | 'chain' | 'head';

/** Goes along records in their order; undefined: whole. headHash: of record headSeq, where it is among them. */
export async function faultIn(
    records: JournalRecord[],
    headSeq: number,
    headHash: string,
): Promise<{ seq: number; fault: Fault } | undefined> {
    let before: JournalRecord | undefined;

    for (const record of records) {
        const sum = hex(new Uint8Array(await crypto.subtle.digest('SHA-256', record.body.slice())));
        if (sum !== record.hash) {
            return { seq: record.seq, fault: 'hash' };
        }
        if (before !== undefined && (record.before !== before.hash || record.seq !== before.seq + 1)) {
            return { seq: record.seq, fault: 'chain' };
        }
        if (record.seq === headSeq && record.hash !== headHash) {
            return { seq: record.seq, fault: 'head' };
        }
        before = record;
    }
    return undefined;
}
