// SPDX-License-Identifier: Apache-2.0
// Who has logged in by password and code, and how long that still holds (docs/protocol/console-login.md).
import { Refusal, get, post, useToken, type Session } from '../api/centre';

const WARN_S = 60;

export const login = $state({
    session: undefined as Session | undefined,
    needed: false, // the centre asks for it
    ended: false, // there was one
});
let allowedS = 0; // without anybody moving
let stayedMs = 0;

function take(session: Session | undefined) {
    login.session = session;
    useToken(session?.token ?? '');
    if (session !== undefined) {
        login.needed = login.ended = false;
        allowedS = Math.max(allowedS, session.idle_left_s);
    }
}

export async function logIn(officer: string, password: string, code: string) {
    take(await post('/v1/session', undefined, { officer, password, code }));
    allowedS = login.session?.idle_left_s ?? 0;
    stayedMs = Date.now();
}

export async function logOut() {
    await post('/v1/session/end', undefined);
    take(undefined);
    login.needed = true;
}

/** After a reload of the page, and while it is open: what the centre says of it. */
export async function lookAtSession() {
    take(await get('/v1/session'));
}

/** Whether error says that nobody is logged in; then the page asks for it. */
export function asksForLogin(error: unknown): boolean {
    const asks = error instanceof Refusal && error.status === 401 && error.message === 'log in';

    if (asks) {
        login.ended ||= login.session !== undefined;
        take(undefined);
        login.needed = true;
    }
    return asks;
}

/** Somebody moves: told to the centre four times in what it allows, and not oftener than each second. */
export async function stay() {
    const now = Date.now();

    if (login.session !== undefined && now - stayedMs > Math.max(1000, allowedS * 250)) {
        stayedMs = now;
        await post('/v1/session/stay', undefined).then(take, () => undefined); // the next look says what is wrong
    }
}

export async function stayNow() {
    stayedMs = 0;
    await stay();
}

export async function setPassword(current: string, password: string) {
    await post('/v1/self/password', undefined, { current, password });
    await lookAtSession();
}

/** Seconds that are left, when it is time to say so. */
export function warning(session: Session | undefined): number | undefined {
    const left = session === undefined ? Infinity : Math.min(session.idle_left_s, session.left_s);

    return left <= Math.min(WARN_S, allowedS / 2) ? left : undefined;
}
