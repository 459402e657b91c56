// SPDX-License-Identifier: Apache-2.0
// A centre is set up in Chromium; tests/system/97-set-up-page.sh starts `qwave init --page`.
//
//   node setup.mjs URL CODE FOLDER PICTURES
//
// FOLDER: passphrase-1 to -3, to which share-1 to -3 and security-1.p12 are added, as a person saves them. Ends with status 0, or 1 and what was wrong.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accessible, browser, expectRefusal, open, says, takeBack, text, wrong } from './window.mjs';

const [url, code, folder, pictures] = process.argv.slice(2);
mkdirSync(pictures, { recursive: true });
const passphrase = (n) => readFileSync(join(folder, `passphrase-${n}`), 'utf8').split('\n')[0];
const stranger = { clientCertificates: [] };
const sent = [];
const picture = (page, name) => page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });

/** What a click lets the browser save. */
async function saved(page, click, name) {
    const [download] = await Promise.all([page.waitForEvent('download'), click()]);

    await download.saveAs(join(folder, name));
    return download.suggestedFilename();
}

async function take(page, n) {
    await says(page, 'trouble', '');
    await text(page, 'take-passphrase').fill(passphrase(n));
    await text(page, 'take-again').fill(passphrase(n));
    return saved(page, () => text(page, 'take-submit').click(), `share-${n}`);
}

async function enter(page, file, n) {
    await text(page, 'enter-file').setInputFiles(join(folder, file));
    await text(page, 'enter-passphrase').fill(passphrase(n));
    await text(page, 'enter-submit').click();
}

try {
    const page = await open(url, '', '', stranger);
    page.on('request', (request) => sent.push(request.postData() ?? ''));

    // The door, by keyboard.
    await page.goto(`${url}/setup/`);
    await text(page, 'code').waitFor();
    await accessible(page, 'the code');
    await picture(page, 'setup-code-desktop');
    await text(page, 'code').focus();
    await page.keyboard.type('ABCD-EFGH-JKLM-NPQR');
    await page.keyboard.press('Enter');
    await says(page, 'code-trouble', 'Not the code');
    await expectRefusal(403);
    await accessible(page, 'a wrong code');
    await page.keyboard.type(code.toLowerCase());
    await page.keyboard.press('Enter');
    await text(page, 'centre-id').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'content', 'whoever uses the keyboard is led on');

    // A second browser, and a page that is opened again.
    const second = await open(url, '', '', stranger);
    await second.goto(`${url}/setup/`);
    await says(second, 'taken', 'another browser');
    await text(second, 'code').fill(code);
    await text(second, 'code-submit').click();
    await says(second, 'code-trouble', 'another browser');
    await expectRefusal(409);
    await second.close();
    await page.reload();
    await text(page, 'centre-id').waitFor();

    // What kind of centre.
    await text(page, 'centre-id').fill('centre-97');
    await text(page, 'custody-quorum').check();
    await text(page, 'officers').fill('3');
    await text(page, 'quorum').fill('2');
    await text(page, 'dual-control').check();
    await accessible(page, 'the choice');
    await picture(page, 'setup-choice-desktop');
    await text(page, 'language').click();
    await page.locator('h1', { hasText: '初始化' }).waitFor();
    await accessible(page, 'the choice in Chinese');
    await page.setViewportSize({ width: 390, height: 844 });
    await picture(page, 'setup-choice-phone-chinese');
    assert(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), 'a phone shows the whole width');
    await text(page, 'language').click();
    await text(page, 'choose-submit').click();

    // Officer 1: wrong passphrases, then the share, which comes back by wrong ways first.
    await text(page, 'take-passphrase').fill(passphrase(1));
    await text(page, 'take-again').fill(`${passphrase(1)}x`);
    await text(page, 'take-submit').click();
    await says(page, 'officer-trouble', 'not the same');
    await text(page, 'take-passphrase').fill('short');
    await text(page, 'take-again').fill('short');
    await text(page, 'take-submit').click();
    await says(page, 'officer-trouble', '12 characters');
    await accessible(page, 'a share to be taken');
    await picture(page, 'setup-share-phone');
    await page.setViewportSize({ width: 1280, height: 900 });
    assert.equal(await take(page, 1), 'qwave-share-centre-97-1');
    assert.equal(statSync(join(folder, 'share-1')).size, 134);
    await enter(page, 'passphrase-1', 1);
    await says(page, 'officer-trouble', 'no officer’s share');
    await enter(page, 'share-1', 2);
    await says(page, 'officer-trouble', 'does not open');
    assert(!sent.some((body) => body.includes('"share"')), 'nothing is sent when the passphrase is wrong');
    writeFileSync(join(folder, 'share-again'), '');
    await saved(page, () => text(page, 'save-again').click(), 'share-again');
    assert.deepEqual(readFileSync(join(folder, 'share-again')), readFileSync(join(folder, 'share-1')));
    await accessible(page, 'a share to come back');
    await picture(page, 'setup-share-desktop');
    await enter(page, 'share-1', 1);
    await says(page, 'share-1', 'brought back');

    // Officer 3 before 2; he brings another one's.
    await text(page, 'turn-3').click();
    await take(page, 3);
    await page.reload(); // the page forgets the sealed file; the officer has it
    await text(page, 'turn-3').click();
    await text(page, 'enter-file').setInputFiles(join(folder, 'share-1'));
    await text(page, 'enter-passphrase').fill(passphrase(1));
    await text(page, 'enter-submit').click();
    await says(page, 'officer-trouble', 'another officer');
    await expectRefusal(409);
    await enter(page, 'share-3', 3);
    await says(page, 'share-3', 'brought back');
    await take(page, 2);
    await enter(page, 'share-2', 2);

    // The centre, and a certificate for a browser.
    await text(page, 'make').waitFor();
    await accessible(page, 'ready');
    await picture(page, 'setup-ready-desktop');
    await text(page, 'make').click();
    await says(page, 'made', 'centre-97');
    await accessible(page, 'made');
    await text(page, 'passphrase-security-1').fill(passphrase(1));
    await saved(page, () => text(page, 'save-security-1').click(), 'security-1.p12');
    await says(page, 'saved-security-1', 'centre-97-security-1.p12');
    await picture(page, 'setup-made-desktop');
    const kept = await page.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage), document.cookie]);
    assert.deepEqual(kept.filter((name) => !['qwave-language', 'qwave-theme', ''].includes(name)), [], 'the page stores nothing');
    await text(page, 'end').click();
    await says(page, 'ended', 'Done');
    await accessible(page, 'done');
    for (const n of [1, 2, 3]) {
        const bodies = sent.filter((body) => body.includes(passphrase(n)));
        assert(bodies.every((body) => body.includes('security-1')), 'an officer’s passphrase of a share is never sent');
    }
    takeBack(/ERR_CONNECTION|ERR_EMPTY_RESPONSE|ERR_SOCKET/); // when it had closed
    assert.deepEqual(wrong, [], 'the console of the browser is empty');
} catch (error) {
    console.error(String(error?.stack ?? error));
    console.error(wrong.join('\n'));
    process.exitCode = 1;
} finally {
    await browser.close();
}
