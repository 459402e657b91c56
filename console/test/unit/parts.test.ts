// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Status } from '../../src/api/centre';
import { partsOf } from '../../src/live/parts';

const said = (...stock: [string, boolean, number][]): Status => ({
    source: 'kernel', source_is_quantum: false, source_is_simulated: false,
    more_sources: [{ source: 'qkd:north', source_is_quantum: true, source_is_simulated: true, source_is_running: true }],
    stock: stock.map(([source, simulated, keys]) => ({
        source, source_is_quantum: source.startsWith('qkd'), source_is_simulated: simulated, keys,
    })),
} as unknown as Status);

test('each source has a line, also one with nothing left', () => {
    const parts = partsOf(said(['kernel', false, 5], ['', false, 7]), [], 1, 60);

    assert.deepEqual(parts.map(({ source, keys }) => [source, keys]), [['', 7], ['kernel', 5], ['qkd:north', 0]]);
    assert.equal(parts[2]?.isSimulated, true);
});

test('simulated keys are not among real ones of the same name', () => {
    const parts = partsOf(said(['qkd:north', false, 3], ['qkd:north', true, 2]), [], 1, 60);

    assert.deepEqual(parts.map(({ keys, isSimulated }) => [keys, isSimulated]), [[3, false], [2, true], [0, false]]);
});

test('what was seen before is kept for the span', () => {
    const first = partsOf(said(['kernel', false, 9]), [], 1, 60);
    const second = partsOf(said(['kernel', false, 4]), first, 2, 60);

    assert.deepEqual(second[0]?.samples, [{ s: 1, value: 9 }, { s: 2, value: 4 }]);
    assert.equal(partsOf(said(['kernel', false, 4]), second, 100, 60)[0]?.samples.length, 1);
});
