// SPDX-License-Identifier: Apache-2.0
// The browser that tests of the console share, and what they ask of every page: nothing in its console, nobody else asked, accessible.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

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

/** The browser itself writes a line for every refused request; those that a step asks for are taken back. */
export function expectRefusal(status) {
    const at = wrong.findIndex((text) => text.includes(`status of ${status}`));
    assert.notEqual(at, -1, `no refusal ${status} was seen`);
    wrong.splice(at, 1);
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

export async function says(page, name, part, timeout = 60000) {
    await page.waitForFunction(
        ([id, want]) => [...document.querySelectorAll(`[data-test=${id}]`)].some((element) => element.textContent.includes(want)),
        [name, part],
        { timeout },
    );
}
