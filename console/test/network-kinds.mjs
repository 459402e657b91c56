// SPDX-License-Identifier: Apache-2.0
// The network view of switches, passes and 145 nodes, in Chromium; tests/system/98-network-view-kinds.sh starts what is looked at.
//
//   node network-kinds.mjs URL CERTIFICATE KEY PICTURES switches|passes|backbone
//
// Ends with status 0, or 1 and what was wrong.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { accessible, browser, open, says, text, wrong } from './window.mjs';

const [url, certificate, key, pictures, scene] = process.argv.slice(2);
const SLOW_MS = 120000; // a network has to begin first
mkdirSync(pictures, { recursive: true });

const content = (page, name) => page.evaluate((id) => document.querySelector(`[data-test=${id}]`)?.textContent ?? '', name);

async function looks(page, network) {
    await page.goto(`${url}/console/#/network/${network}`);
    await says(page, 'network-name', `Network ${network}`, SLOW_MS);
}

/** Pairs of texts of the drawing of which one covers the other, and texts that leave it. */
const crowded = (page) =>
    page.evaluate(() => {
        const frame = document.querySelector('[data-test=network-spot]').closest('svg').getBoundingClientRect();
        const texts = [...document.querySelectorAll('svg text')].map((one) => ({ says: one.textContent, box: one.getBoundingClientRect() }));
        const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3;
        const out = texts.filter(({ box }) => box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1);
        return [
            ...out.map(({ says: one }) => `${one} leaves the drawing`),
            ...texts.flatMap((a, n) => texts.slice(n + 1).filter((b) => meet(a.box, b.box)).map((b) => `${a.says} and ${b.says}`)),
        ];
    });

/** As it is drawn on a desk and on a phone. */
async function drawn(page, name) {
    assert.deepEqual(await crowded(page), [], 'labels that cover each other');
    await accessible(page, name);
    await page.screenshot({ path: join(pictures, `network-${name}-desktop.png`), fullPage: true });
    await page.setViewportSize({ width: 390, height: 844 });
    await page.waitForFunction(() => document.querySelector('[data-test=network-spot]').closest('svg').clientWidth < 390);
    assert(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'not wider than a phone');
    await accessible(page, `${name} on a phone`);
    await page.screenshot({ path: join(pictures, `network-${name}-phone.png`), fullPage: true });
    await page.setViewportSize({ width: 1280, height: 900 });
}

/** The user of the slot, and one that waits, each say so; slots go round. */
async function switches(page) {
    await looks(page, 'metro-campus');
    await says(page, 'network-nodes', '11 of 11', SLOW_MS); // the switch says nothing
    await says(page, 'network-link-list', 'waits for its optical switch', SLOW_MS);
    await drawn(page, 'switches');
    await page.locator('[data-test=network-link-list] a', { hasText: 'lab-1' }).first().click();
    await says(page, 'network-link', 'lab-1');
    assert.match(await page.locator('section[aria-labelledby=network-one]').textContent(), /Over the optical switch\s*campus-switch/);
    await says(page, 'network-light', 'gets through', SLOW_MS);
    await says(page, 'network-light', 'waits for', SLOW_MS);
    await accessible(page, 'a link over a switch');
    await page.screenshot({ path: join(pictures, 'network-slot-desktop.png'), fullPage: true });
}

/** When the next pass is, how many there were, and what is kept until then. */
async function passes(page) {
    await looks(page, 'satellite');
    await says(page, 'network-nodes', '7 of 7', SLOW_MS);
    await drawn(page, 'passes');
    await page.locator('[data-test=network-line]:has(path.pass)').first().focus();
    await page.keyboard.press('Enter');
    await text(page, 'network-light').waitFor();
    await page.waitForFunction(() => {
        const one = document.querySelector('section[aria-labelledby=network-one]')?.textContent ?? '';
        return /Next pass\s*in /.test(one) && /Clear passes so far\s*\d+ of [1-9]/.test(one);
    }, undefined, { timeout: SLOW_MS });
    assert.match(await content(page, 'network-way'), /bit of .*bit/);
    await accessible(page, 'a link by passes');
    await page.screenshot({ path: join(pictures, 'network-pass-desktop.png'), fullPage: true });
}

/** Between the two nodes that are drawn closest to each other, in pixels. */
async function nearest(page) {
    return page.locator('[data-test=network-spot]').evaluateAll((spots) => {
        const at = spots.map((spot) => {
            const { x, y, width, height } = (spot.querySelector('circle, rect, path') ?? spot).getBoundingClientRect();
            return [x + width / 2, y + height / 2];
        });
        return Math.min(...at.flatMap(([x, y], i) => at.slice(i + 1).map(([u, v]) => Math.hypot(x - u, y - v))));
    });
}

/** All of it is drawn; the list of its nodes is reached by keys. */
async function backbone(page) {
    await looks(page, 'two-ring-145');
    await says(page, 'network-nodes', '144 of 145', SLOW_MS);
    await says(page, 'network-failures', 'relay-001: does not answer', SLOW_MS);
    assert.equal(await page.locator('[data-test=network-spot]').count(), 145);
    assert.equal(await page.locator('[data-test=network-line]').count(), 146);
    await drawn(page, 'backbone');
    assert.ok(await nearest(page) >= 6, 'no node hides another');
    await text(page, 'network-all').focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelectorAll('[data-test=network-node-list] tbody th a').length === 145);
    assert.equal(await page.locator('[data-test=network-node-list] tbody th a[tabindex="-1"]').count(), 0);
    await page.locator('[data-test=network-node-list] tbody th a').last().focus();
    const last = await page.locator('[data-test=network-node-list] tbody th a').last().textContent();
    await page.keyboard.press('Enter');
    await says(page, 'network-node', last);
    await page.locator(`[data-test=network-spot] text`, { hasText: last }).waitFor(); // what is chosen is named
    await accessible(page, 'a node of the backbone');
}

const scenes = { switches, passes, backbone };

try {
    const page = await open(url, certificate, key);
    await scenes[scene](page);
    assert.deepEqual(wrong, [], 'the console of the browser is empty');
} catch (error) {
    console.error(String(error?.stack ?? error));
    console.error(wrong.join('\n'));
    process.exitCode = 1;
} finally {
    await browser.close();
}
