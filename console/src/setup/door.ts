// SPDX-License-Identifier: Apache-2.0
// Calls to `qwave init --page`: docs/protocol/setup-page.md. Its answers are small, and no part of docs/openapi.yaml: there is no centre yet.
export type Step = 'code' | 'choose' | 'shares' | 'ready' | 'made';
export type Custody = 'passphrase-file' | 'quorum' | 'tpm2' | 'pkcs11';
export type ShareState = 'waiting' | 'given' | 'back';

export interface Choice {
    centre_id: string;
    custody: Custody;
    officers: number;
    quorum: number;
    dual_control: boolean;
}
export interface Inside extends Choice {
    step: Exclude<Step, 'code'>;
    taken: boolean;
    token: string;
    left_s: number;
    folder: string;
    custodies: Custody[];
    shares: ShareState[];
    holders: string[];
}
export type State = { step: 'code'; taken: boolean } | Inside;

/** reason: a word for the page; "unreachable" when nobody answers. */
export class Refused extends Error {
    constructor(
        readonly reason: string,
        message: string,
    ) {
        super(message);
    }
}

let token = '';

async function call<T>(path: string, options: RequestInit): Promise<T> {
    let response: Response;

    try {
        response = await fetch(`/setup/${path}`, { ...options, cache: 'no-store', credentials: 'same-origin', redirect: 'error' });
    } catch {
        throw new Refused('unreachable', '');
    }
    if (!response.ok) {
        const said = (await response.json().catch(() => ({}))) as { message?: string; details?: { reason?: string }[] };
        throw new Refused(said.details?.[0]?.reason ?? 'other', said.message ?? response.statusText);
    }
    return (await response.json()) as T;
}

/** Not forgotten by an answer that was on its way while the door opened: an old token is refused, no more. */
function remember(state: State): State {
    if (state.step !== 'code') {
        token = state.token;
    }
    return state;
}

export const look = async () => remember(await call<State>('state', {}));

function post<T>(path: string, body: object): Promise<T> {
    return call<T>(path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...(token === '' ? {} : { 'X-Qwave-Session': token }) },
        body: JSON.stringify(body),
    });
}

export const open = async (code: string) => remember(await post<State>('open', { code }));
export const choose = (choice: Choice) => post<State>('choice', choice);
export const take = async (officer: number) => (await post<{ share: string }>('share/take', { officer })).share;
export const enter = (officer: number, share: string) => post<State>('share/entry', { officer, share });
export const make = () => post<State>('make', {});
export const again = () => post<State>('again', {});
export const bundle = async (officer: string, passphrase: string) => (await post<{ pkcs12: string }>('certificate', { officer, passphrase })).pkcs12;
export const end = () => post<State>('end', {});
