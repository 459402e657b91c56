// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Alarm } from '../../src/api/centre';
import { inOrder } from '../../src/live/alarms';

const alarm = (number: number, state: Alarm['state'], severity: Alarm['severity']): Alarm => ({
    number, state, severity, kind: 'stock', subject: 'c', text: '', first_ms: 0, last_ms: 0, count: 1,
});

test('what has to be read first comes first, and nothing is changed', () => {
    const all = [
        alarm(1, 'acknowledged', 'major'), alarm(2, 'active', 'minor'), alarm(3, 'cleared', 'major'),
        alarm(4, 'active', 'major'), alarm(5, 'active', 'major'),
    ];

    assert.deepEqual(inOrder(all).map(({ number }) => number), [5, 4, 2, 3, 1]);
    assert.deepEqual(all.map(({ number }) => number), [1, 2, 3, 4, 5]);
});
