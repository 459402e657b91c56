// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { justBefore } from '../../src/api/id_order';

test('nothing with the prefix is skipped, and nothing else is between', () => {
    for (const prefix of ['a', 'phone-1', 'A~', '0', '!!', 'a!', '~', 'x'.repeat(63)]) {
        const after = justBefore(prefix);
        assert(after < prefix && after.length <= 63, prefix);
        if (prefix[prefix.length - 1]! > '!') {
            assert.equal(after.length, 63); // so no id of at most 63 characters fits between
        }
    }
    assert.equal(justBefore(''), '');
    assert.equal(justBefore('phone-1'), 'phone-0'.padEnd(63, '~'));
});
