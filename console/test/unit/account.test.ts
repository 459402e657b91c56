// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ledger } from '../../src/api/centre';
import { account, disagreement, keyRate } from '../../src/live/account';

const ledger: Ledger = {
    probes: 2000, pairs: 1990, disclosed_pairs: 100, coefficients: 12000, compared_bits: 2400, different_bits: 600, messages: 8,
    raw_bits: 10000, entropy_bits: 7000, finite_size_bits: 500, reconciliation_bits: 2000, verification_bits: 72,
    selection_bits: 8, amplification_bits: 120, secret_bits: 4300, auth_bits: 300,
    snr_db: 20, eve_correlation: 0.9, channel_time_s: 40, refusal: 0, onset: 1, onset_deviations: 0.4,
};

test('each loss begins where the one before has left off, and what is left is the key', () => {
    const steps = account(ledger);

    assert.deepEqual(steps.map(({ bits }) => bits), [10000, 3000, 500, 2000, 72, 8, 120, 4300]);
    for (let i = 2; i < steps.length - 1; i++) {
        assert.equal(steps[i]!.to, steps[i - 1]!.from);
    }
    assert.equal(steps[6]!.from, steps[7]!.to);
});

test('a session that was refused early loses nothing twice', () => {
    const steps = account({ ...ledger, raw_bits: 0, entropy_bits: 0, secret_bits: 0 });

    assert(steps.every(({ from, to }) => from >= 0 && to >= from && Number.isFinite(to)));
});

test('the rate pays for authentication, and is none without a channel', () => {
    assert.equal(keyRate(ledger), 100);
    assert.equal(keyRate({ ...ledger, secret_bits: 0 }), 0);
    assert.equal(keyRate({ ...ledger, channel_time_s: 0 }), 0);
});

test('the disagreement is a share, and unknown before there was anything to compare', () => {
    assert.equal(disagreement(ledger), 0.25);
    assert.equal(disagreement({ ...ledger, compared_bits: 0, different_bits: 0 }), undefined);
});
