// SPDX-License-Identifier: Apache-2.0
// The entropy account of a session, as its bars are drawn.
import type { Ledger } from '../api/centre';

export interface Step {
    name: 'raw' | 'eve' | 'finite' | 'reconciliation' | 'verification' | 'selection' | 'amplification' | 'secret';
    bits: number; // what is left before a loss, or what is lost
    from: number; // where its bar begins and ends
    to: number;
}

/** From raw bits to secret bits, loss by loss. */
export function account(ledger: Ledger): Step[] {
    const losses = [
        ['eve', Math.max(0, ledger.raw_bits - ledger.entropy_bits)],
        ['finite', ledger.finite_size_bits],
        ['reconciliation', ledger.reconciliation_bits],
        ['verification', ledger.verification_bits],
        ['selection', ledger.selection_bits],
        ['amplification', ledger.amplification_bits],
    ] as const;
    const steps: Step[] = [{ name: 'raw', bits: ledger.raw_bits, from: 0, to: ledger.raw_bits }];
    let left = ledger.raw_bits;

    for (const [name, bits] of losses) {
        steps.push({ name, bits, from: Math.max(0, left - bits), to: left });
        left = Math.max(0, left - bits);
    }
    steps.push({ name: 'secret', bits: ledger.secret_bits, from: 0, to: ledger.secret_bits });
    return steps;
}

/** Secret bits for each second of the channel, authentication paid. */
export function keyRate(ledger: Ledger): number {
    return ledger.channel_time_s > 0 ? Math.max(0, ledger.secret_bits - ledger.auth_bits) / ledger.channel_time_s : 0;
}

/** Share of the bits that the ends disagree about before reconciliation; undefined: it did not come so far. */
export function disagreement(ledger: Ledger): number | undefined {
    return ledger.compared_bits > 0 ? ledger.different_bits / ledger.compared_bits : undefined;
}
