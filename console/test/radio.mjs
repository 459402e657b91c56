// SPDX-License-Identifier: Apache-2.0
// The radio view in Chromium; tests/system/73-radio-view.sh starts centre, air, access point and a terminal that refills itself again and again.
//
//   node radio.mjs URL CERTIFICATE KEY PICTURES moving|static|first
//
// first: how long after the page was asked for the picture moves for the first time, five times, in milliseconds.
//
// Ends with status 0, or 1 and what was wrong.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { accessible, browser, open, says, text, wrong } from './window.mjs';

const [url, certificate, key, pictures, scene] = process.argv.slice(2);
const SLOW_MS = 120000; // a session may have to begin first
mkdirSync(pictures, { recursive: true });

const content = (page, name) => page.evaluate((id) => document.querySelector(`[data-test=${id}]`)?.textContent ?? '', name);
const changes = (page, name, was) =>
    page.waitForFunction(([id, before]) => (document.querySelector(`[data-test=${id}]`)?.textContent ?? before) !== before, [name, was], { timeout: SLOW_MS });

/** From the first moment on the picture goes on by itself. */
async function moves(page) {
    await text(page, 'radio-probe').waitFor({ timeout: SLOW_MS });
    const begun = performance.now();
    await changes(page, 'radio-probe', await content(page, 'radio-probe'));
    console.log(`moved after ${Math.round(performance.now() - begun)} ms`);
    assert((await content(page, 'radio-which')).includes('242 tones'), await content(page, 'radio-which'));
    await page.waitForFunction(() => parseInt(document.querySelector('[data-test=radio-rate]')?.textContent ?? '0', 10) > 0, undefined, { timeout: SLOW_MS });
    assert.equal((await content(page, 'radio-simulated')).trim(), 'simulated');
}

/** The most moments that were drawn in one second of a while. */
async function fastest(page) {
    let most = 0;
    for (let i = 0; i < 12; i++) {
        most = Math.max(most, parseInt(await content(page, 'radio-rate'), 10) || 0);
        await page.waitForTimeout(250);
    }
    console.log(`${most} moments in one second; the access point: ${(await content(page, 'radio-dropped')).trim()}`);
    if (process.env.QWAVE_RADIO_PER_SECOND !== undefined) {
        assert(most >= Number(process.env.QWAVE_RADIO_PER_SECOND), `${process.env.QWAVE_RADIO_PER_SECOND} moments a second`);
    }
}

/** All three ends have a curve; the waterfall shows the one that is chosen. */
async function showsAllEnds(page) {
    assert.deepEqual((await page.locator('[data-test=radio-ends] li').allTextContents()).map((one) => one.trim()), ['access point', 'terminal', 'eavesdropper']);
    const picture = () => page.evaluate(() => document.querySelector('.picture canvas').toDataURL());
    await text(page, 'radio-pause').click();
    const pictures = [];
    for (const end of ['accessPoint', 'terminal', 'eavesdropper']) {
        await text(page, 'radio-end').selectOption(end);
        pictures.push(await picture());
    }
    assert.equal(new Set(pictures).size, 3, 'each end sees a channel of its own');
    await text(page, 'radio-end').selectOption('accessPoint');
    await text(page, 'radio-pause').click();
}

async function showRadio() {
    const page = await open(url, certificate, key);
    await page.goto(`${url}/console/#/radio`);
    return page;
}

/** From asking for the page to the second moment on it: what somebody waits who opens it. */
async function measureFirstMovement() {
    const all = [];
    for (let i = 0; i < 5; i++) {
        const begun = performance.now();
        const page = await showRadio();
        const opened = performance.now();
        await text(page, 'radio-probe').waitFor({ timeout: SLOW_MS });
        await changes(page, 'radio-probe', await content(page, 'radio-probe'));
        all.push(`${Math.round(performance.now() - begun)} (page there after ${Math.round(opened - begun)})`);
        await page.context().close();
    }
    console.log(`first movement after, in ms: ${all.join(', ')}`);
}

async function givesAKey(page) {
    await says(page, 'radio-bps', 'secret bits per second', SLOW_MS);
    const share = parseFloat((await content(page, 'radio-disagreement')).replace(/^\D*/, ''));
    assert(share > 0 && share < 50, `the ends disagree, and not about everything: ${share} %`);
    const rows = await page.locator('[data-test=radio-account] tbody tr').allTextContents();
    assert.equal(rows.length, 8);
    assert(parseInt(rows[7].replace(/\D/g, ''), 10) > 256, `a key: ${rows[7]}`);
    await says(page, 'radio-onset', 'was there when they began', SLOW_MS);
    await accessible(page, 'radio');
    await page.screenshot({ path: join(pictures, 'radio-desktop.png'), fullPage: true });
}

/** By keys alone: stop, look at an earlier moment, go on. */
async function pauses(page) {
    await text(page, 'radio-pause').focus();
    await page.keyboard.press('Enter');
    const stopped = await content(page, 'radio-probe');
    await text(page, 'radio-moment').focus();
    await page.keyboard.press('Home');
    await changes(page, 'radio-probe', stopped);
    const earlier = await content(page, 'radio-probe');
    await page.waitForTimeout(300); // long enough for many moments, which must not be seen
    assert.equal(await content(page, 'radio-probe'), earlier);
    await accessible(page, 'radio, paused');
    await text(page, 'radio-pause').focus();
    await page.keyboard.press('Enter');
    await changes(page, 'radio-probe', earlier);
}

async function inChineseOnAPhone(page) {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.getByRole('button', { name: '中文' }).click();
    await page.getByRole('button', { name: '深色' }).click();
    await page.getByRole('heading', { name: /无线/ }).waitFor();
    assert(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'not wider than a phone');
    await accessible(page, 'radio in Chinese, dark, on a phone');
    await page.screenshot({ path: join(pictures, 'radio-phone.png'), fullPage: true });
}

try {
    if (scene === 'first') {
        await measureFirstMovement();
    } else if (scene === 'static') {
        const page = await showRadio();
        await says(page, 'radio-refusal', 'No key: the channel does not move', SLOW_MS);
        await page.screenshot({ path: join(pictures, 'radio-refused-desktop.png'), fullPage: true });
    } else {
        const page = await showRadio();
        await moves(page);
        await showsAllEnds(page);
        await fastest(page);
        await givesAKey(page);
        await pauses(page);
        await inChineseOnAPhone(page);
    }
    assert.deepEqual(wrong, [], 'the console of the browser is empty');
} catch (error) {
    console.error(String(error?.stack ?? error));
    console.error(wrong.join('\n'));
    process.exitCode = 1;
} finally {
    await browser.close();
}
