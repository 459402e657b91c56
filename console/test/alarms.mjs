// SPDX-License-Identifier: Apache-2.0
// Alarms under Operations in Chromium; tests/system/83-alarms.sh makes one that is active and one that is over.
//
//   node alarms.mjs URL FOLDER-OF-OFFICERS PICTURES SHELL-COMMAND
//
// SHELL-COMMAND ends what is active. Ends with status 0, or 1 and what was wrong.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { accessible, browser, open, says, text, wrong } from './window.mjs';

const [url, officers, pictures, end] = process.argv.slice(2);
const SLOW_MS = 120000;
mkdirSync(pictures, { recursive: true });

async function show(name) {
    const page = await open(url, join(officers, `${name}.pem`), join(officers, `${name}.key`));
    await page.goto(`${url}/console/#/operations`);
    await page.locator('[data-test=alarms] tbody tr').first().waitFor({ timeout: SLOW_MS });
    return page;
}

try {
    const page = await show('security');
    const row = page.locator('[data-test=alarms] tr[data-kind=journal]');
    await says(page, 'alarms-open', 'not acknowledged', SLOW_MS);
    await says(page, 'alarms', 'The journal is not shipped');
    await accessible(page, 'alarms');
    await page.screenshot({ path: join(pictures, 'alarms-desktop.png'), fullPage: true });
    await row.locator('[data-test=acknowledge]').focus();
    await page.keyboard.press('Enter');
    await says(page, 'alarms-said', 'Acknowledged: The journal is not shipped', SLOW_MS);
    await says(page, 'alarms', 'by security-1');
    await page.setViewportSize({ width: 390, height: 844 });
    await page.getByRole('button', { name: '中文' }).click();
    await says(page, 'alarms', '日志未能外送');
    assert(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'not wider than a phone');
    await accessible(page, 'alarms in Chinese, on a phone');
    execFileSync('/bin/sh', ['-c', end]);
    await row.waitFor({ state: 'detached', timeout: SLOW_MS }); // by itself: over, and acknowledged

    const auditor = await open(url, join(officers, 'audit.pem'), join(officers, 'audit.key'));
    await auditor.goto(`${url}/console/#/operations`);
    await text(auditor, 'alarms-none').waitFor({ timeout: SLOW_MS });
    assert.deepEqual(wrong, [], 'the console of the browser is empty');
} catch (error) {
    console.error(String(error?.stack ?? error));
    console.error(wrong.join('\n'));
    process.exitCode = 1;
} finally {
    await browser.close();
}
