// SPDX-License-Identifier: Apache-2.0
// Simulated sessions as access points show them (docs/protocol/radio-view.md), while somebody looks.
import type { Ledger, RadioEvent, RadioFrame, SessionEvent } from '../api/centre';
import { listen } from './events';

export const MOMENTS = 160; // kept of a session, and drawn
const SESSIONS = 12;

export const ENDS = ['accessPoint', 'terminal', 'eavesdropper'] as const;
export type End = (typeof ENDS)[number];

export interface Moment {
    sequence: number;
    firstTone: number;
    lastTone: number;
    levels: Record<End, Uint8Array | undefined>; // half dB, 128: that end's mean; undefined: it heard nothing
}

export interface Session {
    id: string;
    accessPoint: string;
    radio: string;
    moments: Moment[];
    ledger?: Ledger;
}

type Heading = Pick<RadioEvent, 'access_point' | 'session_id' | 'radio' | 'dropped'>;

let held = $state.raw({
    sessions: [] as Session[], // newest last
    frames: 0, // since the page was opened
    dropped: 0, // moments, at their access points
    lost: 0, // events, because this page was too slow
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
        dropped: held.dropped + heading.dropped,
        sessions: [...others, { ...old, ...part(old) }].slice(-SESSIONS),
    };
}

function moment(frame: RadioFrame): Moment {
    const levels = (base64: string | undefined) => (base64 === undefined ? undefined : bytes(base64));

    return {
        sequence: frame.sequence,
        firstTone: frame.first_tone,
        lastTone: frame.last_tone,
        levels: { accessPoint: bytes(frame.levels), terminal: levels(frame.terminal), eavesdropper: levels(frame.eavesdropper) },
    };
}

function hearFrames(data: string) {
    const said = JSON.parse(data) as RadioEvent;
    const added = said.frames.map(moment);

    change(said, ({ moments }) => ({ moments: [...moments, ...added].slice(-MOMENTS) }), added.length);
}

export function follow(): () => void {
    const trouble = (error: unknown) => (held = { ...held, trouble: error });
    const ends = [
        listen('radio', hearFrames, trouble),
        listen('lost', (data) => (held = { ...held, lost: held.lost + (JSON.parse(data) as { events: number }).events }), trouble),
        listen('session', (data) => { const said = JSON.parse(data) as SessionEvent; change(said, () => ({ ledger: said }), 0); }, trouble),
    ];

    return () => ends.forEach((end) => end());
}
