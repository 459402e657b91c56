// SPDX-License-Identifier: Apache-2.0
// Running networks as they are reported, while somebody looks: asked for when the centre says that there is something new.
import { get } from '../api/centre';
import { poll } from '../api/poll';
import { listen } from './events';
import { merge, type Known } from './network';

const EVERY_MS = 1500; // at the latest: who does not ask is not looking, and nothing is reported

let held = $state.raw({
    known: [] as Known[],
    atMs: Date.now(), // the time that ages are counted from
    asked: false,
    trouble: undefined as unknown,
});
export const seen = () => held;

let version = 0;
let asking = false;
let again = false;

async function ask(): Promise<void> {
    if (asking) {
        again = true;
        return;
    }
    asking = true;
    do {
        again = false;
        try {
            const answer = await get('/v1/network', undefined, { after: version });
            const atMs = Date.now();
            const known = merge(held.known, answer, atMs);

            version = known.length < answer.networks.length ? 0 : answer.version;
            held = { known, atMs, asked: true, trouble: undefined };
        } catch (error) {
            held = { ...held, atMs: Date.now(), trouble: error };
        }
    } while (again);
    asking = false;
}

export function follow(): () => void {
    const ends = [
        poll(EVERY_MS, ask),
        listen('network', () => void ask(), (error) => (held = { ...held, trouble: error })),
    ];

    return () => ends.forEach((end) => end());
}
