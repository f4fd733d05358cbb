// Every page in a language that nobody speaks (web/src/i18n/pseudo.ts): what shows without its brackets was never given to translators.
// What others wrote is in <bdi> or <time>, or marked as said by the server, and is let through.
// What axe finds wrong for those who don't see the page, or see it poorly, is found too, by turns in light and in dark.
// Also that a stranger's text cannot turn around what stands beside it, and that no page is wider than its window.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { root } from '../support/scratch.mjs';
import { administrator, openBrowser, openHouse, opening, signIn } from './console.mjs';

// Where to put a picture of each page; none without it.
const pictures = process.env.PICTURES;

let everything, browser, number;
const override = '\u202e';

before(async () => {
  everything = await openHouse();
  browser = await openBrowser();
  const { house, lab, accounts } = everything;
  await lab.mail(accounts[0].user, ['From: =?utf-8?B?2YHYp9i32YXYqQ==?= <fatima@customer.example>', `To: ${accounts[0].user}`, `Subject: =?utf-8?B?${Buffer.from(`Bill ${override}fdp.exe`).toString('base64')}?=`,
    `Date: ${new Date().toUTCString()}`, 'Message-ID: <words-1@customer.example>', 'MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=mm', '', '--mm',
    'Content-Type: text/html; charset=utf-8', '', '<p>Where is my order?</p>', '--mm', 'Content-Type: text/csv; name="figures.csv"',
    'Content-Disposition: attachment; filename="figures.csv"', '', 'a,b', '--mm--', ''].join('\r\n'));
  number = (await house.caseAbout('Bill')).number;
  await house.api(`cases/${number}/replies`, { text: 'On its way.' });
}, opening);

after(async () => {
  await browser?.close();
  await everything?.close();
});

/** In the page: what can be seen or heard of it that has no brackets. */
function untranslated(known) {
  const bare = (text) => {
    let rest = text;
    for (let before; before !== rest;) [before, rest] = [rest, rest.replace(/⟦[^⟦⟧]*⟧/gs, '')];
    for (const each of known) rest = rest.replaceAll(each, '');
    return /\p{L}/u.test(rest) ? text.trim() : '';
  };
  const found = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    // The server has brackets of its own for what it translates.
    if (element.closest('[role=alert] [data-said]') && !/^\[.*\]$/s.test(element.textContent.trim())) found.add(`said by the server: ${element.textContent}`);
    if (element.closest('bdi, time, data, script, style, textarea, [data-said]') || !(element.checkVisibility() || element.closest('select'))) continue;
    if (bare(walker.currentNode.data)) found.add(bare(walker.currentNode.data));
  }
  for (const element of document.querySelectorAll('*')) {
    for (const name of ['aria-label', 'title', 'placeholder', 'alt', 'aria-description'])
      if (!element.closest('time, bdi') && bare(element.getAttribute(name) ?? '')) found.add(`${name}: ${element.getAttribute(name)}`);
  }
  if (bare(document.title)) found.add(`title of the page: ${document.title}`);
  return [...found];
}

/** In the page: what is wider than its room, and doesn't scroll. */
function clipped() {
  const found = [];
  if (document.documentElement.scrollWidth > innerWidth) found.push(`the page is ${document.documentElement.scrollWidth} wide, its window ${innerWidth}`);
  for (const element of document.querySelectorAll('button, a, label, h1, h2, h3, th, td, dd, dt, li, [role=tab], [role=menuitem], [role=dialog]')) {
    const style = getComputedStyle(element);
    if (element.checkVisibility() && element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1 && style.overflowX !== 'auto' && style.overflowX !== 'scroll')
      found.push(`<${element.tagName.toLowerCase()}> ${element.textContent.slice(0, 60)}: ${element.scrollWidth} in ${element.clientWidth}`);
  }
  return found;
}

const known = () => ['Postroom', 'IMAP', 'POP3', 'SMTP', 'English', 'Pseudo', 'oduesP', 'Customer care', 'provider', 'words-1', 'كل', `Bill \ufffdfdp.exe`, 'فاطمة', administrator.name, 'anna', os.hostname(), 'microsoft',
  ...everything.accounts.flatMap(({ account, user }) => [user, account])].sort((a, b) => b.length - a.length);

const places = () => ['/', '/cases', `/cases/${number}`, '/cases/99999', '/accounts', `/accounts/${everything.accounts[0].account}`, '/applications', '/applications/provider', '/sent', '/alarms', '/exceptions', '/screens', '/templates', '/checks', '/checks/mailbox-access', '/connections', '/users', '/own', '/settings', '/nowhere'];

/** A page, once what it asked for is there. */
async function open(page, place) {
  // As a link of the console's leads there: without loading it all anew.
  await page.evaluate((to) => new Promise((resolve) => {
    history.pushState(null, '', to);
    dispatchEvent(new PopStateEvent('popstate'));
    requestAnimationFrame(() => requestAnimationFrame(resolve));
  }), place);
  await page.locator('h1').waitFor();
  await page.waitForFunction(() => !document.querySelector('[role=progressbar]'));
}

const axe = readFileSync(path.join(root, 'test/node_modules/axe-core/axe.min.js'), 'utf8');

/** What is wrong for those who listen to the page, or use no mouse, or see little contrast. */
async function inaccessible(page, name, at) {
  // A colour on its way to another is neither of them.
  await page.evaluate(() => {
    const still = new CSSStyleSheet();
    still.replaceSync('*, ::before, ::after { transition: none !important }');
    document.adoptedStyleSheets.push(still);
  });
  await page.emulateMedia({ colorScheme: at % 2 ? 'dark' : 'light' });
  // The page hears of it before it draws the next frame.
  await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));
  await page.evaluate(axe);
  // Fluent's own sentinels of the focus, and what a mail's sender wrote.
  const violations = await page.evaluate(async () => (await window.axe.run({ exclude: [['[data-tabster-dummy]'], ['iframe']] }, { resultTypes: ['violations'] })).violations);
  return violations.flatMap(({ id, nodes }) => nodes.map((each) => `${name}: ${id}: ${each.html.slice(0, 200)}`));
}

async function look(page, name, { words = true } = {}) {
  const found = words ? await page.evaluate(untranslated, known()) : [];
  if (pictures) {
    mkdirSync(pictures, { recursive: true });
    await page.screenshot({ path: path.join(pictures, `${name.replaceAll('/', '_')}.png`), fullPage: true });
  }
  return [...found, ...await page.evaluate(clipped)].map((each) => `${name}: ${each}`);
}

/** What every dialog that can be opened on this page shows. */
async function dialogs(page, name, options) {
  const found = [];
  const triggers = page.locator('main button[aria-haspopup=dialog]');
  const seen = new Set();
  for (let at = 0; at < await triggers.count(); ++at) {
    const words = await triggers.nth(at).innerText();
    if (seen.has(words)) continue;
    seen.add(words);
    await triggers.nth(at).click();
    await page.getByRole('dialog').or(page.getByRole('alertdialog')).waitFor();
    found.push(...await look(page, `${name}-dialog-${seen.size}`, options));
    await page.waitForFunction(() => document.activeElement?.closest('[role=dialog], [role=alertdialog]'));
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').or(page.getByRole('alertdialog')).waitFor({ state: 'detached' });
  }
  return found;
}

test('the check finds a word that was not translated, and one that is clipped', async () => {
  const { page } = browser;
  await page.goto(`${everything.house.url}/?lang=en`);
  await page.getByLabel('User name').waitFor();
  const found = await look(page, 'sign-in');
  assert.ok(found.some((each) => each.includes('User name')), found.join('\n'));
  assert.ok(found.some((each) => each.includes('title of the page')), found.join('\n'));
  await page.evaluate(() => { document.querySelector('button[type=submit]').style.cssText = 'width: 20px; min-width: 0; overflow: hidden'; });
  assert.match((await look(page, 'sign-in')).join('\n'), /<button> Sign in: \d+ in 2/);
});

// Not each in each width, unless somebody wants to look at them all: the brackets are as wide as any language.
for (const [language, widths] of [['qps', ['wide', 'narrow']], ['qps-rtl', ['narrow']], ['ar', ['wide']]]) {
  test(`every page in ${language}`, async () => {
    const { page } = browser;
    const options = { words: language !== 'ar' };
    await browser.context.clearCookies();
    await page.goto(`${everything.house.url}/?lang=${language}`);
    await page.locator('input[name=password]').waitFor();
    const found = await look(page, `${language}-sign-in`, options);
    await page.locator('input[name=name]').fill(administrator.name);
    await page.locator('input[name=password]').fill(administrator.password);
    await page.locator('button[type=submit]').click();
    await page.getByRole('navigation').waitFor();
    for (const width of pictures ? ['wide', 'narrow'] : widths) {
      await page.setViewportSize(width === 'wide' ? { width: 1280, height: 900 } : { width: 400, height: 800 });
      for (const [at, place] of places().entries()) {
        await open(page, place);
        if (language === 'ar') found.push(...await inaccessible(page, place, at));
        found.push(...await look(page, `${language}-${width}${place}`, options));
        if (pictures || (width === 'wide' && options.words)) found.push(...await dialogs(page, `${language}-${width}${place}`, options));
      }
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.emulateMedia({ colorScheme: null });
    assert.deepEqual(found, []);
  });
}

test('where there is no lab there is no banner, and the page stands where it does otherwise', async () => {
  const { page } = browser;
  await page.goto(`${everything.house.url}/?lang=en`);
  await page.route('**/api/v1/version', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), lab: false } });
  });
  for (const width of [1280, 400]) {
    await page.setViewportSize({ width, height: 900 });
    await page.goto(`${everything.house.url}/accounts`);
    await page.getByRole('heading', { name: 'Accounts', level: 1 }).waitFor();
    assert.equal(await page.getByText('This is a trial').count(), 0);
    const box = await page.getByRole('main').boundingBox();
    assert.ok(width === 400 ? box.width === 400 : box.x === 220 && box.width === width - 220, JSON.stringify(box));
  }
  await page.unrouteAll({ behavior: 'wait' });
  await page.setViewportSize({ width: 1280, height: 900 });
});

test('a subject that would turn its line around shows how it was disguised', async () => {
  const { page } = browser;
  await page.goto(`${everything.house.url}/cases/${number}?lang=en`);
  await page.getByRole('heading', { name: `Case ${number}: Bill \ufffdfdp.exe` }).waitFor();
  assert.ok(!(await page.locator('body').innerText()).includes(override));
  assert.equal(await page.locator('bdi', { hasText: 'فاطمة' }).first().evaluate((element) => getComputedStyle(element).unicodeBidi), 'isolate');
});
