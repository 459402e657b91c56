// SPDX-License-Identifier: Apache-2.0
// Calls to the centre, with the types of docs/openapi.yaml: what the document does not have cannot be called.
import type { components, paths } from './openapi';

export type Schemas = components['schemas'];
export type Device = Schemas['Device'];
export type Certificate = Schemas['Certificate'];
export type Officer = Schemas['Officer'];
export type Request = Schemas['Request'];
export type Self = Schemas['Self'];
export type Pair = Schemas['Pair'];
export type StockPart = Schemas['StockPart'];
export type Status = Schemas['Status'];
export type SignedHead = Schemas['SignedHead'];
export type Alarm = Schemas['Alarm'];
export type RadioFrame = Schemas['RadioFrame'];
export type RadioEvent = Schemas['RadioEvent'];
export type SessionEvent = Schemas['SessionEvent'];
export type Ledger = Schemas['RadioLedger'];
export type Networks = Schemas['Networks'];
export type NetworkTopology = Schemas['NetworkTopology'];
export type NetworkNode = Schemas['NetworkNode'];
export type NetworkLink = Schemas['NetworkLink'];
export type Right = Self['rights'][number];
export type Session = Schemas['Session'];
export type Unit = components['responses']['Units']['content']['application/json']['units'][number];

type Json<R> = R extends { content: { 'application/json': infer T } } ? T : never;
type AnswerOf<O> = O extends { responses: infer R }
    ? R extends { 201: infer C }
        ? Json<C>
        : R extends { 200: infer C }
          ? Json<C>
          : never
    : never;
type BodyOf<O> = O extends { requestBody: { content: { 'application/json': infer B } } } ? B : undefined;
type ParametersOf<O> = O extends { parameters: infer P } ? P : never;
type PathOf<O> = ParametersOf<O> extends { path: infer P } ? P : undefined;
type QueryOf<O> = ParametersOf<O> extends { query?: infer Q } ? Q : undefined;

type Getting = { [P in keyof paths]: paths[P] extends { get: object } ? P : never }[keyof paths];
type Posting = { [P in keyof paths]: paths[P] extends { post: object } ? P : never }[keyof paths];

/** The centre said no, or nothing at all (status 0: it cannot be reached, or no longer takes the certificate). */
export class Refusal extends Error {
    constructor(
        readonly status: number,
        message: string,
    ) {
        super(message);
    }
}

/** Of a log-in by password: the centre wants it with whatever changes something, so that no other page can. */
let sessionToken = '';

export function useToken(token: string) {
    sessionToken = token;
}

function fill(path: string, values: Record<string, string> | undefined, query: Record<string, unknown> | undefined) {
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(values?.[name] ?? ''));
    const pairs = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== '');

    // The centre takes '+' for itself, so no URLSearchParams.
    return pairs.length === 0
        ? filled
        : `${filled}?${pairs.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join('&')}`;
}

async function call(path: string, options: RequestInit): Promise<Response> {
    let response: Response;

    try {
        response = await fetch(path, { ...options, cache: 'no-store', credentials: 'same-origin', redirect: 'error' });
    } catch {
        throw new Refusal(0, 'unreachable');
    }
    if (!response.ok) {
        const said = (await response.json().catch(() => ({}))) as { message?: string };
        throw new Refusal(response.status, said.message ?? response.statusText);
    }
    return response;
}

export async function get<P extends Getting>(
    path: P,
    values?: PathOf<paths[P]['get']>,
    query?: QueryOf<paths[P]['get']>,
): Promise<AnswerOf<paths[P]['get']>> {
    const response = await call(fill(path, values as Record<string, string>, query as Record<string, unknown>), {});

    return (await response.json()) as AnswerOf<paths[P]['get']>;
}

export async function post<P extends Posting>(
    path: P,
    values: PathOf<paths[P]['post']>,
    body?: BodyOf<paths[P]['post']>,
): Promise<AnswerOf<paths[P]['post']>> {
    const response = await call(fill(path, values as Record<string, string> | undefined, undefined), {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...(sessionToken === '' ? {} : { 'X-Qwave-Session': sessionToken }) },
        body: JSON.stringify(body ?? {}),
    });

    return (await response.json()) as AnswerOf<paths[P]['post']>;
}
