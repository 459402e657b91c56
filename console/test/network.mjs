// SPDX-License-Identifier: Apache-2.0
// The network view in Chromium; tests/system/77-network-view.sh starts the centre and the networks.
//
//   node network.mjs URL CERTIFICATE KEY PICTURES none|live|sites|gone BIN SITE
//
// BIN: folder of the programs; SITE: that of the scenario. Ends with status 0, or 1 and what was wrong.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { accessible, browser, open, says, takeBack, text, wrong } from './window.mjs';

const [url, certificate, key, pictures, scene, bin, site] = process.argv.slice(2);
const SLOW_MS = 120000; // a network may have to begin first
const SOON_MS = Number(process.env.QWAVE_SOON_MS ?? SLOW_MS); // what happens is seen after so long
mkdirSync(pictures, { recursive: true });

const tell = (network, node, ...words) =>
    execFileSync(join(bin, 'qwave'), ['node', 'tell', join(site, network, `${node}.control`), ...words], { encoding: 'utf8' });
const content = (page, name) => page.evaluate((id) => document.querySelector(`[data-test=${id}]`)?.textContent ?? '', name);
const changes = (page, name, was) =>
    page.waitForFunction(([id, before]) => (document.querySelector(`[data-test=${id}]`)?.textContent ?? before) !== before, [name, was], { timeout: SLOW_MS });

/** What happens by act is seen as part of name, soon. */
async function seenSoon(page, what, act, name, part) {
    const begun = performance.now();
    act();
    await says(page, name, part, SLOW_MS);
    const ms = Math.round(performance.now() - begun);
    console.log(`${what}: seen after ${ms} ms`);
    assert(ms <= SOON_MS, `${what}: seen after ${ms} ms`);
}

async function lives(page) {
    await says(page, 'network-name', 'Network tokyo', SLOW_MS);
    await says(page, 'network-nodes', '6 of 6', SLOW_MS);
    await says(page, 'network-links', '6 of 6', SLOW_MS);
    assert.equal(await content(page, 'network-simulated'), 'simulated');
    await says(page, 'network-failures', 'None', SLOW_MS);
    await says(page, 'network-flows', 'in use', SLOW_MS);
    await page.waitForFunction(() => parseFloat(document.querySelector('[data-test=network-delivered]')?.textContent ?? '0') > 0, undefined, { timeout: SLOW_MS });
    await changes(page, 'network-link-list', await content(page, 'network-link-list')); // stocks move
    assert.match(await content(page, 'network-link-list'), /bit/);
    await accessible(page, 'network');
    await page.screenshot({ path: join(pictures, 'network-desktop.png'), fullPage: true });
}

async function cutAndMend(page) {
    await seenSoon(page, 'a cut', () => tell('net', 1, 'cut', '2'), 'network-failures', 'cut, as asked');
    await says(page, 'network-links', '5 of 6', SLOW_MS);
    await accessible(page, 'network, a link cut');
    await says(page, 'network-flows', 'koganei-1 → otemachi-1 →', SLOW_MS); // another way
    await page.screenshot({ path: join(pictures, 'network-cut-desktop.png'), clip: { x: 0, y: 0, width: 1280, height: 1225 }, fullPage: true });
    // by keys alone, from the failure to its link, and on to a node
    await page.locator('[data-test=network-failures] a').first().focus();
    await page.keyboard.press('Enter');
    await says(page, 'network-link-state', 'cut, as asked');
    assert.equal(await page.locator('[data-test=network-way]').count(), 2);
    assert.match((await page.locator('[data-test=network-way]').allTextContents()).join(), /bit of .*bit.*bit of .*bit/);
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'network-one');
    await accessible(page, 'a link');
    await page.screenshot({ path: join(pictures, 'network-link-desktop.png'), fullPage: true });
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await says(page, 'network-node-state', 'answers');
    await accessible(page, 'a node');
    await page.goBack();
    await text(page, 'network-link').waitFor();
    await seenSoon(page, 'its end', () => tell('net', 1, 'mend', '2'), 'network-link-state', 'up');
    await text(page, 'network-back').click();
    await says(page, 'network-failures', 'None', SLOW_MS);
}

/** A node that hangs: the others go on. */
async function hangs(page) {
    const pid = Number(/"process":(\d+)/.exec(tell('net', 4, 'status'))[1]);
    try {
        await seenSoon(page, 'a node that hangs', () => process.kill(pid, 'SIGSTOP'), 'network-failures', 'does not answer');
        await says(page, 'network-nodes', '5 of 6', SLOW_MS);
        await page.screenshot({ path: join(pictures, 'network-hangs-desktop.png'), fullPage: true });
    } finally {
        process.kill(pid, 'SIGCONT');
    }
    await says(page, 'network-nodes', '6 of 6', SLOW_MS);
    await says(page, 'network-failures', 'None', SLOW_MS);
}

async function finds(page) {
    await text(page, 'network-search').fill('koganei');
    const rows = await page.locator('[data-test=network-node-list] tbody th').allTextContents();
    assert(rows.length > 0 && rows.every((row) => row.includes('koganei')), rows.join());
    await text(page, 'network-search').fill('nowhere');
    assert.equal(await page.locator('[data-test=network-node-list]').count(), 0);
    await text(page, 'network-search').fill('');
    // in the drawing, by the mouse
    await page.locator('[data-test=network-spot] .spot').first().click();
    await text(page, 'network-node').waitFor();
    await page.goBack();
}

async function inChineseOnAPhone(page) {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.getByRole('button', { name: '中文' }).click();
    await page.getByRole('button', { name: '深色' }).click();
    await page.getByRole('heading', { name: /网络 tokyo/ }).waitFor();
    assert(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'not wider than a phone');
    await accessible(page, 'network in Chinese, dark, on a phone');
    await page.screenshot({ path: join(pictures, 'network-phone.png'), fullPage: true });
}

/** Two sites report of one network; one falls silent, and its nodes are not known any more. */
async function sites(page) {
    await says(page, 'network-name', 'Network', SLOW_MS);
    await page.goto(`${url}/console/#/network/secoqc`);
    await says(page, 'network-name', 'secoqc', SLOW_MS);
    await says(page, 'network-nodes', '6 of 6', SLOW_MS);
    await says(page, 'network-links', '8 of 8', SLOW_MS);
    process.kill(Number(process.env.QWAVE_REPORTER), 'SIGKILL');
    await says(page, 'network-failures', 'nothing is known', SLOW_MS);
    await says(page, 'network-nodes', '3 of 6', SLOW_MS);
    await accessible(page, 'a silent site');
}

/** An officer who is suspended sees nothing more. */
async function isThrownOut(page) {
    await page.goto(`${url}/console/#/network/tokyo`);
    await says(page, 'network-nodes', '6 of 6', SLOW_MS);
    execFileSync(join(bin, 'qwave'), ['admin', '--operator', join(site, 'centre/officers/security.yaml'), '--url', url, 'officer', 'suspend', 'looker']);
    await says(page, 'outside', 'You are suspended', SLOW_MS);
    assert.equal(await page.locator('[data-test=network-nodes]').count(), 0);
    assert.match(wrong.join(), /status of 403/);
    takeBack(/status of 403/);
}

const scenes = {
    none: [(page) => says(page, 'network-none', 'No site reports')],
    live: [lives, cutAndMend, hangs, finds, inChineseOnAPhone],
    sites: [sites],
    gone: [isThrownOut],
};

try {
    const page = await open(url, certificate, key);
    await page.goto(`${url}/console/#/network`);
    for (const step of scenes[scene]) {
        await step(page);
    }
    assert.deepEqual(wrong, [], 'the console of the browser is empty');
} catch (error) {
    console.error(String(error?.stack ?? error));
    console.error(wrong.join('\n'));
    process.exitCode = 1;
} finally {
    await browser.close();
}
