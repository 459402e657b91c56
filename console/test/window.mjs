// SPDX-License-Identifier: Apache-2.0
// The browser that tests of the console share, and what they ask of every page: nothing in its console, nobody else asked, accessible.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const PATIENCE_MS = 120000; // what is waited for comes some time, on a machine that is busy with other things

export const browser = await chromium.launch({
    executablePath: process.env.QWAVE_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
export const wrong = []; // what the console of the browser says

/** A window of whoever has the certificate. */
export async function open(url, certPath, keyPath, options = {}) {
    const context = await browser.newContext({
        ignoreHTTPSErrors: true,
        locale: 'en-GB',
        viewport: { width: 1280, height: 900 },
        clientCertificates: [{ origin: url, certPath, keyPath }],
        ...options,
    });
    const page = await context.newPage();

    page.setDefaultTimeout(PATIENCE_MS);
    page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') {
            wrong.push(`${message.text()} (${message.location().url})`);
        }
    });
    page.on('pageerror', (error) => wrong.push(String(error)));
    page.on('request', (request) => {
        if (!request.url().startsWith(url)) {
            wrong.push(`a request to ${request.url()}`);
        }
    });
    return page;
}

/** The browser itself writes a line for every refused request, also after the page has said it; those that a step asks for are taken back. */
export async function expectRefusal(status) {
    const find = () => wrong.findIndex((text) => text.includes(`status of ${status}`));
    for (const begun = performance.now(); find() === -1; await new Promise((done) => setTimeout(done, 20))) {
        assert(performance.now() - begun < PATIENCE_MS, `no refusal ${status} was seen`);
    }
    wrong.splice(find(), 1);
}

export function takeBack(pattern) {
    wrong.splice(0, wrong.length, ...wrong.filter((text) => !pattern.test(text)));
}

export async function accessible(page, where) {
    await page.evaluate(axe); // by the debugger, as the page's policy takes no script from elsewhere
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] }));
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    assert.deepEqual(serious.map(({ id, nodes }) => `${where}: ${id}: ${nodes.map(({ html }) => html).join(' ')}`), []);
}

export const text = (page, name) => page.locator(`[data-test=${name}]`).first();

export async function says(page, name, part, timeout = PATIENCE_MS) {
    await page.waitForFunction(
        ([id, want]) => [...document.querySelectorAll(`[data-test=${id}]`)].some((element) => element.textContent.includes(want)),
        [name, part],
        { timeout },
    );
}
