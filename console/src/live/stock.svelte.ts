// SPDX-License-Identifier: Apache-2.0
// What the keys of the centre did while this page was open: survives a change of view.
import type { Status } from '../api/centre';
import { listen } from './events';
import { keep, type Sample } from './forecast';
import { partsOf, type Part } from './parts';

const SPAN_S = 600;

export const stock = $state({
    status: undefined as Status | undefined,
    obstacle: '',
    trouble: undefined as unknown, // why nothing comes
    stored: [] as Sample[],
    parts: [] as Part[],
    ingested: [] as Sample[],
    answered: [] as Sample[],
    perSecond: [] as Sample[], // key requests answered
    certificateEndsIn: undefined as number | undefined,
});

interface Said {
    status: Status;
    key_requests_answered: number;
    certificate_ends_s?: number;
    obstacle: string;
}

function note(said: Said): void {
    const s = Date.now() / 1000;
    const total = said.key_requests_answered;
    const before = stock.answered[stock.answered.length - 1];
    const perSecond = before === undefined || total < before.value ? 0 : (total - before.value) / Math.max(0.001, s - before.s);

    stock.status = said.status;
    stock.certificateEndsIn = said.certificate_ends_s === undefined ? undefined : said.certificate_ends_s - s;
    stock.stored = keep(stock.stored, { s, value: said.status.keys['stored'] ?? 0 }, SPAN_S);
    stock.parts = partsOf(said.status, stock.parts, s, SPAN_S);
    stock.ingested = keep(stock.ingested, { s, value: said.status.keys_ingested }, SPAN_S);
    stock.answered = keep(stock.answered, { s, value: total }, SPAN_S);
    stock.perSecond = keep(stock.perSecond, { s, value: perSecond }, SPAN_S);
    stock.obstacle = said.obstacle;
    stock.trouble = undefined;
}

/** Follows the centre until the returned function is called. */
export function follow(): () => void {
    return listen(
        'status',
        (data) => note(JSON.parse(data) as Said),
        (error) => (stock.trouble = error),
    );
}
