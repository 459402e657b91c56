// SPDX-License-Identifier: Apache-2.0
// An officer's share file, opened and made in the browser: O1 and X4 of docs/protocol/ceremony.md. What is sent is the share, never the passphrase.
import { scryptAsync } from '@noble/hashes/scrypt';

export const SHARE_FILE_LEN = 134;
const HEAD_LEN = 42;
const MAGIC = 'QWS\x01';
const SEALED_MAGIC = [0x51, 0x57, 0x43, 0x01]; // "QWC" 1

export class NoShare extends Error {}
export class WrongPassphrase extends Error {}

interface Cost {
    log2N: number;
    r: number;
    p: number;
}

/** undefined: not the bytes of a share file. */
function costOf(file: Uint8Array): Cost | undefined {
    const cost = { log2N: file[4] ?? 0, r: file[5] ?? 0, p: file[6] ?? 0 };
    const isShare = file.length === SHARE_FILE_LEN && [...MAGIC].every((letter, at) => file[at] === letter.charCodeAt(0));
    const isFine = cost.log2N >= 10 && cost.log2N <= 20 && cost.r >= 1 && cost.r <= 32 && cost.p >= 1 && cost.p <= 16;

    return isShare && isFine ? cost : undefined;
}

/** The 87 bytes of the share, for the caller to overwrite when they were sent. A NoShare or a WrongPassphrase. */
export async function openShare(file: Uint8Array, passphrase: string): Promise<Uint8Array> {
    const cost = costOf(file);
    const typed = new TextEncoder().encode(passphrase);

    if (cost === undefined) {
        throw new NoShare();
    }
    const key = await scryptAsync(typed, file.slice(7, 23), { N: 2 ** cost.log2N, r: cost.r, p: cost.p, dkLen: 32, maxmem: 2 ** 32 });
    typed.fill(0);
    try {
        const aes = await crypto.subtle.importKey('raw', new Uint8Array(key), 'AES-GCM', false, ['decrypt']);
        const sealed = { name: 'AES-GCM', iv: file.slice(HEAD_LEN, HEAD_LEN + 12), additionalData: file.slice(0, HEAD_LEN) };
        const open = new Uint8Array(await crypto.subtle.decrypt(sealed, aes, file.slice(HEAD_LEN + 12)));
        const share = new Uint8Array([...SEALED_MAGIC, ...file.slice(23, HEAD_LEN), ...open]);

        open.fill(0);
        return share;
    } catch {
        throw new WrongPassphrase();
    } finally {
        key.fill(0);
    }
}

/** The standard cost of the programs: qw_password_cost_standard. */
const STANDARD: Cost = { log2N: 17, r: 8, p: 1 };

/** The 134 bytes of a share file, from the 87 of a share, which the caller overwrites. */
export async function sealShare(share: Uint8Array, passphrase: string, cost: Cost = STANDARD): Promise<Uint8Array> {
    const typed = new TextEncoder().encode(passphrase);
    const salt = crypto.getRandomValues(new Uint8Array(16));
    const nonce = crypto.getRandomValues(new Uint8Array(12));
    const magic = [...MAGIC].map((letter) => letter.charCodeAt(0));
    const head = new Uint8Array([...magic, cost.log2N, cost.r, cost.p, ...salt, ...share.slice(4, 23)]);

    if (share.length !== 87 || !SEALED_MAGIC.every((byte, at) => share[at] === byte)) {
        throw new NoShare();
    }
    const key = await scryptAsync(typed, salt, { N: 2 ** cost.log2N, r: cost.r, p: cost.p, dkLen: 32, maxmem: 2 ** 32 });
    typed.fill(0);
    try {
        const aes = await crypto.subtle.importKey('raw', new Uint8Array(key), 'AES-GCM', false, ['encrypt']);
        const secret = share.slice(23);
        const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce, additionalData: head }, aes, secret);

        secret.fill(0);
        return new Uint8Array([...head, ...nonce, ...new Uint8Array(sealed)]);
    } finally {
        key.fill(0);
    }
}

export function fromBase64(text: string): Uint8Array {
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

export function toBase64(bytes: Uint8Array): string {
    return btoa(String.fromCharCode(...bytes));
}
