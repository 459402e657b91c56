// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyIn, keep, rate } from '../../src/live/forecast';

test('the rate is that between the ends', () => {
    assert.equal(rate([]), 0);
    assert.equal(rate([{ s: 1, value: 5 }]), 0);
    assert.equal(rate([{ s: 1, value: 5 }, { s: 1, value: 9 }]), 0);
    assert.equal(rate([{ s: 1, value: 5 }, { s: 2, value: 0 }, { s: 3, value: 9 }]), 2);
});

test('a stock that shrinks is used up at its rate', () => {
    assert.equal(emptyIn([{ s: 0, value: 100 }, { s: 10, value: 80 }]), 40);
    assert.equal(emptyIn([{ s: 0, value: 100 }, { s: 10, value: 100 }]), undefined);
    assert.equal(emptyIn([{ s: 0, value: 100 }, { s: 10, value: 120 }]), undefined);
    assert.equal(emptyIn([]), undefined);
});

test('keeps what is not older than the span', () => {
    const kept = keep([{ s: 0, value: 1 }, { s: 5, value: 2 }], { s: 10, value: 3 }, 8);
    assert.deepEqual(kept.map(({ s }) => s), [5, 10]);
});
