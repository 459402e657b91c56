// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { texts } from '../../src/language/texts';
import { setupTexts } from '../../src/setup/texts';

const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

test('both languages say all of it', () => {
    for (const [key, [english, chinese]] of [...Object.entries(texts), ...Object.entries(setupTexts)]) {
        assert(english.trim() !== '' && chinese.trim() !== '', key);
        assert.deepEqual(places(english), places(chinese), key);
    }
});

test('every result of the journal has a word', () => {
    for (let result = 0; result <= 15; result++) {
        assert(`result.${result}` in texts);
    }
});
