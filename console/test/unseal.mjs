// SPDX-License-Identifier: Apache-2.0
// Officers open a sealed centre from its page in Chromium; tests/system/37-unseal-from-the-page.sh starts it.
//
//   node unseal.mjs URL CERTIFICATE KEY FOLDER PICTURES
//
// FOLDER: share-1, share-2 and their passphrases share-1.txt, share-2.txt. Ends with status 0, or 1 and what was wrong.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { accessible, browser, expectRefusal, open, says, takeBack, text, wrong } from './window.mjs';

const [url, certificate, key, folder, pictures] = process.argv.slice(2);
mkdirSync(pictures, { recursive: true });
const passphrase = (n) => readFileSync(join(folder, `share-${n}.txt`), 'utf8').split('\n')[0];

try {
    const page = await open(url, certificate, key);
    const sent = [];
    page.on('request', (request) => sent.push(request.postData() ?? ''));
    const enter = async (file, secret) => {
        await text(page, 'share-file').setInputFiles(file);
        await text(page, 'share-passphrase').fill(secret);
        await text(page, 'share-enter').click();
    };

    await page.goto(`${url}/console/`);
    await says(page, 'sealed', 'The centre is sealed');
    await accessible(page, 'a sealed centre');
    await enter(join(folder, 'share-1.txt'), passphrase(1));
    await says(page, 'share-trouble', 'not an officer’s share');
    await enter(join(folder, 'share-1'), passphrase(2));
    await says(page, 'share-trouble', 'does not open');
    assert(!sent.some((body) => body.includes('share')), 'nothing is sent when the passphrase is wrong');
    await enter(join(folder, 'share-1'), passphrase(1));
    await says(page, 'share-said', '1 of 2');
    assert.equal(await text(page, 'share-passphrase').inputValue(), '');
    assert.equal(await text(page, 'share-file').inputValue(), '');
    await page.screenshot({ path: join(pictures, 'unseal-desktop.png') });
    await enter(join(folder, 'share-1'), passphrase(1));
    await says(page, 'share-trouble', 'does not take this share');
    await expectRefusal(409);
    await accessible(page, 'a refused share');
    await enter(join(folder, 'share-2'), passphrase(2));
    await says(page, 'ready', ''); // the keys view of an open centre
    assert(!sent.some((body) => body.includes(passphrase(1)) || body.includes(passphrase(2))), 'no passphrase is sent');
    takeBack(/status of 503|ERR_CONNECTION|ERR_EMPTY_RESPONSE|ERR_SOCKET|ERR_TUNNEL/); // while it was sealed, and while it opened
    assert.deepEqual(wrong, [], 'the console of the browser is empty');
} catch (error) {
    console.error(String(error?.stack ?? error));
    console.error(wrong.join('\n'));
    process.exitCode = 1;
} finally {
    await browser.close();
}
