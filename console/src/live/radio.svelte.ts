// SPDX-License-Identifier: Apache-2.0
// Simulated sessions as access points show them (docs/protocol/radio-view.md), while somebody looks.
import type { Ledger } from './account';
import { listen } from './events';

export const MOMENTS = 160; // kept of a session, and drawn
const SESSIONS = 12;

export interface Moment {
    sequence: number;
    firstTone: number;
    lastTone: number;
    levels: Uint8Array; // half dB, 128: the mean of the moment
}

export interface Session {
    id: string;
    accessPoint: string;
    radio: string;
    moments: Moment[];
    ledger?: Ledger;
}

interface Heading {
    access_point: string;
    session_id: string;
    radio: string;
}

let held = $state.raw({
    sessions: [] as Session[], // newest last
    frames: 0, // since the page was opened
    trouble: undefined as unknown,
});
export const seen = () => held;

function bytes(base64: string): Uint8Array {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** A new list with the session changed; the oldest goes. */
function change(heading: Heading, part: (session: Session) => Partial<Session>, frames: number) {
    const old = held.sessions.find(({ id }) => id === heading.session_id) ?? {
        id: heading.session_id,
        accessPoint: heading.access_point,
        radio: heading.radio,
        moments: [],
    };
    const others = held.sessions.filter(({ id }) => id !== heading.session_id);

    held = {
        ...held,
        trouble: undefined,
        frames: held.frames + frames,
        sessions: [...others, { ...old, ...part(old) }].slice(-SESSIONS),
    };
}

function hearFrames(data: string) {
    const said = JSON.parse(data) as Heading & {
        frames: { sequence: number; first_tone: number; last_tone: number; levels: string }[];
    };
    const added = said.frames.map(
        (frame): Moment => ({
            sequence: frame.sequence,
            firstTone: frame.first_tone,
            lastTone: frame.last_tone,
            levels: bytes(frame.levels),
        }),
    );

    change(said, ({ moments }) => ({ moments: [...moments, ...added].slice(-MOMENTS) }), added.length);
}

export function follow(): () => void {
    const trouble = (error: unknown) => (held = { ...held, trouble: error });
    const ends = [
        listen('radio', hearFrames, trouble),
        listen('session', (data) => { const said = JSON.parse(data) as Heading & Ledger; change(said, () => ({ ledger: said }), 0); }, trouble),
    ];

    return () => ends.forEach((end) => end());
}
