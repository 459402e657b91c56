// SPDX-License-Identifier: Apache-2.0
// Logs officers in and out in Chromium, without a certificate, against a running qwaved; tests/system/84-console-login.sh starts it.
//
//   node login.mjs DOOR CENTRE-URL OFFICERS BIN SITE PICTURES PART
//
// Ends with status 0, or 1 and what was wrong. PART: whole, or idle (with a short console_idle_s).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accessible, browser, expectRefusal, open, says, takeBack, text, wrong } from './window.mjs';

const [door, centre, officers, bin, site, pictures, part] = process.argv.slice(2);
mkdirSync(pictures, { recursive: true });

const initial = (officer) => JSON.parse(readFileSync(join(site, `${officer}.initial`), 'utf8')).password;
const own = (officer) => readFileSync(join(site, `${officer}.own`), 'utf8').trim();
const code = (officer) => {
    const args = ['code', '--officer', officer, '--card', join(site, `${officer}.card`), '--passphrase-file', join(site, `${officer}.passphrase`)];
    return execFileSync(join(bin, 'qwave'), args, { encoding: 'utf8' }).trim();
};
const security = (...args) => execFileSync(join(bin, 'qwave'), ['admin', '--operator', join(officers, 'security.yaml'), '--url', centre, ...args], { encoding: 'utf8' });
const bare = (options = {}) => open(door, undefined, undefined, { clientCertificates: undefined, ...options });

async function fill(page, officer, password, oneTime) {
    await text(page, 'login-officer').fill(officer);
    await text(page, 'login-password').fill(password);
    await text(page, 'login-code').fill(oneTime);
    await text(page, 'login-submit').click();
}

/** One answer for whatever is wrong; what was typed is gone, but for the name. */
async function refused(page, officer, password, oneTime) {
    await fill(page, officer, password, oneTime);
    await says(page, 'login-trouble', 'Not logged in.');
    await expectRefusal(403);
    assert.equal(await text(page, 'login-password').inputValue(), '');
    assert.equal(await text(page, 'login-code').inputValue(), '');
}

async function logsIn(page) {
    await page.goto(`${door}/console/`);
    await says(page, 'login-submit', 'Log in');
    await accessible(page, 'the log-in');
    await page.screenshot({ path: join(pictures, 'login-desktop.png') });
    await refused(page, 'audit-1', initial('audit-1'), '1234-5678-9012');
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('data-test')), 'login-password');
    await accessible(page, 'a refused log-in');

    // By the keyboard alone, with the initial password: nothing else than a password of one's own.
    await text(page, 'login-officer').fill('audit-1');
    await text(page, 'login-password').fill(initial('audit-1'));
    await text(page, 'login-code').fill(code('audit-1'));
    await page.keyboard.press('Enter');
    await says(page, 'password-set', 'Set the password');
    await accessible(page, 'the first password');
    assert.equal((await page.request.get(`${door}/v1/officers`)).status(), 403, 'with an initial password');
    const set = async (current, fresh, again) => {
        await text(page, 'password-current').fill(current);
        await text(page, 'password-new').fill(fresh);
        await text(page, 'password-again').fill(again);
        await text(page, 'password-set').click();
    };
    await set(initial('audit-1'), own('audit-1'), `${own('audit-1')}.`);
    await says(page, 'password-trouble', 'differ');
    await set(initial('audit-1'), own('audit-1'), own('audit-1'));
    await says(page, 'login-as', 'Logged in as audit-1');
    await says(page, 'ready', 'Keys can be given');
    await accessible(page, 'keys, logged in');
    await page.screenshot({ path: join(pictures, 'logged-in-desktop.png') });
}

/** What a page of somebody else can have the browser send. */
async function anotherSite(page) {
    const cookies = await page.context().cookies();
    const cookie = cookies.find(({ name }) => name === '__Host-qwave');
    assert(cookie.secure && cookie.httpOnly && cookie.sameSite === 'Strict' && cookie.path === '/', JSON.stringify(cookie));
    assert.equal(await page.evaluate(() => document.cookie), '');

    const { token } = await (await page.request.get(`${door}/v1/session`)).json();
    const stay = (headers) => page.request.post(`${door}/v1/session/stay`, { headers, data: {} }).then((answer) => answer.status());
    assert.equal(await stay({}), 403, 'the cookie alone changes nothing');
    assert.equal(await stay({ 'X-Qwave-Session': token.replace(/^./, (c) => (c === '0' ? '1' : '0')) }), 403);
    assert.equal(await stay({ 'X-Qwave-Session': token, 'Sec-Fetch-Site': 'same-site' }), 403, 'another port of this host');
    assert.equal(await stay({ 'X-Qwave-Session': token, Origin: 'https://elsewhere.example' }), 403);
    assert.equal(await stay({ 'X-Qwave-Session': token }), 200);

    // A form elsewhere that the officer is made to send: his browser keeps the cookie back.
    const other = await page.context().newPage();
    await other.goto(`data:text/html,<form method="post" enctype="text/plain" action="${door}/v1/session/end"><button>x</button></form>`);
    const [answer] = await Promise.all([other.waitForResponse(`${door}/v1/session/end`), other.click('button')]);
    assert.equal(answer.status(), 401, 'sent without the cookie');
    await other.close();
    assert.equal((await page.request.get(`${door}/v1/session`)).status(), 200, 'he is still in');
}

async function logsOut(page) {
    const used = code('audit-1');
    await text(page, 'logout').click();
    await says(page, 'login-submit', 'Log in');
    assert.equal((await page.request.get(`${door}/v1/officers`)).status(), 401);
    await fill(page, 'audit-1', own('audit-1'), used);
    await says(page, 'login-as', 'Logged in as audit-1');
    await text(page, 'logout').click();
    await refused(page, 'audit-1', own('audit-1'), used); // a code is good once
    return used;
}

/** Half of it, five times in a row; then all of it is refused, until an officer lifts the lock. A stranger's tries count for nobody. */
async function locked(page) {
    const attempt = (officer, password, oneTime) =>
        page.request.post(`${door}/v1/session`, { data: { officer, password, code: oneTime } }).then((answer) => answer.status());
    assert.equal(await attempt('audit-1', 'a password of nobody', '1234-5678-9012'), 403);
    assert.equal(await attempt('nobody', 'a password of nobody', '1234-5678-9012'), 403);
    assert.equal(await attempt('audit-1', 'a password of nobody', code('audit-1')), 403); // the card alone
    for (let i = 0; i < 3; i++) {
        assert.equal(await attempt('audit-1', own('audit-1'), '1234-5678-9012'), 403); // the password alone
    }
    await refused(page, 'audit-1', own('audit-1'), code('audit-1'));
    security('authentication', 'unlock', 'urn:qwave:officer:audit-1');
    await fill(page, 'audit-1', own('audit-1'), code('audit-1'));
    await says(page, 'login-as', 'Logged in as audit-1');
}

/** Out at once, and the page says so. */
async function thrownOut(page) {
    security('officer', 'suspend', 'audit-1');
    assert.equal((await page.request.get(`${door}/v1/self`)).status(), 401);
    await says(page, 'login-ended', 'no longer logged in');
    takeBack(/status of 401|status of 403 .*\/v1\/(events|status)\)$/); // whatever the page was just waiting for
    await accessible(page, 'thrown out');
    security('officer', 'resume', 'audit-1');
    assert.equal((await page.request.get(`${door}/v1/self`)).status(), 401, 'and has to log in again');
}

/** A deed of two: who asked with his password does not approve with his certificate. */
async function twoPersons() {
    const page = await bare();
    await page.goto(`${door}/console/#/operations`);
    await fill(page, 'second', own('second'), code('second'));
    await says(page, 'login-as', 'Logged in as second');
    const { token } = await (await page.request.get(`${door}/v1/session`)).json();
    const asked = await page.request.post(`${door}/v1/requests`, { headers: { 'X-Qwave-Session': token }, data: { verb: 'device-destroy', object: 'phone-1' } });
    assert.equal(asked.status(), 201, await asked.text());
    const { id, digest } = await asked.json();
    const approve = async (name) => {
        const other = await open(centre, join(officers, `${name}.pem`), join(officers, `${name}.key`));
        const answer = await other.request.post(`${centre}/v1/requests/${id}/approve`, { data: { digest } });
        await other.context().close();
        return answer.status();
    };
    assert.equal(await approve('second'), 403);
    assert.equal(await approve('security'), 200);
    const cookies = await page.context().cookies();
    writeFileSync(join(site, 'cookie'), cookies.find(({ name }) => name === '__Host-qwave').value);
    await page.context().close();
}

async function onAPhone() {
    const page = await bare({ viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true, locale: 'zh-CN' });
    await page.goto(`${door}/console/`);
    await says(page, 'login-submit', '登录');
    assert(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'not wider than a phone');
    await accessible(page, 'the log-in on a phone');
    await page.screenshot({ path: join(pictures, 'login-phone.png') });
    await page.context().close();
}

/** Nobody moves: first a word, then out. Who moves stays. */
async function idle() {
    const page = await bare();
    await page.goto(`${door}/console/`);
    await fill(page, 'audit-1', own('audit-1'), code('audit-1'));
    await says(page, 'login-as', 'Logged in as audit-1');
    await says(page, 'login-warning', 'less than a minute');
    await text(page, 'login-stay').click();
    await page.waitForFunction(() => document.querySelector('[data-test=login-warning]') === null);
    await says(page, 'login-warning', 'less than a minute'); // of the time that begins then
    await accessible(page, 'a warning');
    await says(page, 'login-ended', 'no longer logged in');
    await page.context().close();
}

try {
    if (part === 'idle') {
        await idle();
    } else {
        const page = await bare();
        await logsIn(page);
        await anotherSite(page);
        await logsOut(page);
        await locked(page);
        await thrownOut(page);
        await page.context().close();
        await twoPersons();
        await onAPhone();
    }
    takeBack(/status of 401/); // where the page asks whether anybody is logged in
    assert.deepEqual(wrong, [], 'the console of the browser is empty');
} catch (error) {
    console.error(String(error?.stack ?? error));
    console.error(wrong.join('\n'));
    process.exitCode = 1;
} finally {
    await browser.close();
}
