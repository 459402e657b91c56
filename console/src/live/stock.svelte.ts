// SPDX-License-Identifier: Apache-2.0
// What the keys of the centre did while this page was open: survives a change of view.
import { get, metrics, type Status } from '../api/centre';
import { keep, type Sample } from './forecast';

const SPAN_S = 600;
const KEY_ROUTES = /^qwave_requests_total\{route="\/(api\/v1\/keys\/\{\}\/(enc|dec)_keys|key|key\/\{\})",.*status="200"\}$/;

export const stock = $state({
    status: undefined as Status | undefined,
    obstacle: '',
    stored: [] as Sample[],
    ingested: [] as Sample[],
    answered: [] as Sample[],
    perSecond: [] as Sample[], // key requests answered
    certificateEndsIn: undefined as number | undefined,
});

function answered(series: Map<string, number>): number {
    let sum = 0;

    for (const [name, value] of series) {
        sum += KEY_ROUTES.test(name) ? value : 0;
    }
    return sum;
}

/** One look at the centre. Throws a Refusal. */
export async function look(): Promise<void> {
    const [status, series, obstacle] = await Promise.all([
        get('/v1/status'),
        metrics(),
        get('/v1/ready').then(
            () => '',
            (error: Error) => error.message,
        ),
    ]);
    const s = Date.now() / 1000;
    const total = answered(series);
    const before = stock.answered[stock.answered.length - 1];
    const perSecond = before === undefined || total < before.value ? 0 : (total - before.value) / Math.max(0.001, s - before.s);

    stock.status = status;
    stock.certificateEndsIn = series.get('qwave_certificate_expiry_seconds');
    stock.stored = keep(stock.stored, { s, value: status.keys['stored'] ?? 0 }, SPAN_S);
    stock.ingested = keep(stock.ingested, { s, value: status.keys_ingested }, SPAN_S);
    stock.answered = keep(stock.answered, { s, value: total }, SPAN_S);
    stock.perSecond = keep(stock.perSecond, { s, value: perSecond }, SPAN_S);
    stock.obstacle = obstacle;
}
