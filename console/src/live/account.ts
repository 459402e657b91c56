// SPDX-License-Identifier: Apache-2.0
// The entropy account of a session, as its bars are drawn.
export interface Ledger {
    probes: number;
    pairs: number;
    disclosed_pairs: number;
    raw_bits: number;
    entropy_bits: number;
    finite_size_bits: number;
    reconciliation_bits: number;
    verification_bits: number;
    selection_bits: number;
    amplification_bits: number;
    secret_bits: number;
    auth_bits: number;
    snr_db: number;
    eve_correlation: number;
    channel_time_s: number;
    refusal: number;
}

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
