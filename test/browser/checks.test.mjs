// The page of the check list: a run is watched, what fails is said with what to do, and turns back once it is mended.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../support/scratch.mjs';
import { administrator, fits, openBrowser, openHouse, opening, picture, signIn } from './console.mjs';

let everything, browser, sales;

before(async () => {
  everything = await openHouse();
  browser = await openBrowser();
  sales = everything.accounts[0].user;
}, opening);

after(async () => {
  await browser?.close();
  await everything?.close();
});

const count = (page, words) => page.getByRole('status', { name: 'Summary' }).getByText(words, { exact: true });
const heading = (page, words) => page.locator('summary').filter({ hasText: words });

test('the list is run, and shows what it finds without being asked again', async () => {
  const { page } = browser;
  await everything.lab.api('faults', { id: 'smtp-disabled-mailbox', scope: sales });
  await page.goto(`${everything.house.url}/checks`);
  await signIn(page, administrator);
  await page.getByText('Nothing has been checked yet.').waitFor();
  await page.getByRole('button', { name: 'Check everything' }).click();
  const card = page.getByRole('article', { name: /^smtp-enabled: / });
  await card.waitFor();
  await card.getByText('Exchange administrator', { exact: true }).waitFor();
  await card.getByText('What to do').waitFor();
  await card.getByRole('link', { name: sales }).waitFor();
  await card.getByRole('textbox', { name: 'In Exchange Online PowerShell' }).waitFor();
  await card.getByText('What was seen').click();
  await card.getByText(/5\.7\.139/).first().waitFor();
  await count(page, '1 fails').waitFor();
  await page.getByText(/^Last asked for:/).waitFor();
  const report = page.getByRole('link', { name: /one page for handing on/ });
  const handed = await page.request.get(new URL(await report.getAttribute('href'), page.url()).href);
  assert.match(await handed.text(), /<html lang="en" dir="ltr">[^]*class="fails"[^]*smtp-enabled/);
  await picture(page, 'checks');
  await fits(page);
});

/** Presses Tab until it has the focus. */
async function tabTo(page, what) {
  await what.waitFor();
  for (let pressed = 0; pressed < 200; ++pressed) {
    if (await what.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`no Tab leads to ${what}`);
}

test('an item is run, its evidence opened and its remedy copied by the keyboard alone', async () => {
  const { page } = browser;
  await browser.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const card = page.getByRole('article', { name: /^smtp-enabled: / });
  const copied = (what) => page.waitForFunction(async (words) => (await navigator.clipboard.readText()).startsWith(words), what);
  await tabTo(page, card.getByRole('button', { name: 'Copy: What to do' }));
  await page.keyboard.press('Enter');
  await copied(`Set-CASMailbox ${sales} `);
  await tabTo(page, card.getByRole('button', { name: 'Copy: In Exchange Online PowerShell' }));
  await page.keyboard.press('Enter');
  await copied(`Set-CASMailbox -Identity '${sales}' `);
  const evidence = card.locator('summary').filter({ hasText: 'What was seen' });
  await tabTo(page, evidence);
  if (!await card.getByText(/5\.7\.139/).first().isVisible()) await page.keyboard.press('Enter');
  await card.getByText(/5\.7\.139/).first().waitFor();
  await tabTo(page, card.getByRole('button', { name: 'Check again: smtp-enabled' }));
  const begun = page.waitForResponse((each) => each.request().method() === 'POST' && /checks\/runs$/.test(each.url()));
  await page.keyboard.press('Enter');
  const { id } = await (await begun).json();
  await until('the run having ended', async () => (await everything.house.api(`checks/runs/${id}`)).state === 'done');
  await card.getByText(/5\.7\.139/).first().waitFor();
});

test('all items stand under their headings, each with how it is', async () => {
  const { page } = browser;
  await heading(page, /^Mailbox/).click();
  await page.getByRole('link', { name: 'The grant opens the mailbox' }).waitFor();
  await picture(page, 'checks-items');
});

test('it is narrowed to a mailbox, and one item is run again once it is mended', async () => {
  const { page } = browser;
  await page.getByLabel('Mailbox', { exact: true }).selectOption(everything.accounts[1].user);
  await count(page, '0 fail').waitFor();
  await page.getByRole('button', { name: 'Show all' }).click();
  await count(page, '1 fails').waitFor();
  await everything.lab.api('faults?id=smtp-disabled-mailbox', undefined, 'DELETE');
  await page.getByRole('article', { name: /^smtp-enabled: / }).getByRole('button', { name: 'Check again: smtp-enabled' }).click();
  await count(page, '0 fail').waitFor();
});

test('an item has its history, and the ways in which it can fail', async () => {
  const { page } = browser;
  await page.goto(`${everything.house.url}/checks/smtp-enabled`);
  const history = page.getByRole('table', { name: 'How it came to that' });
  await page.getByRole('combobox', { name: 'About' }).selectOption(sales);
  await history.getByText('Fails', { exact: true }).waitFor();
  await history.getByText('Holds', { exact: true }).waitFor();
  await page.getByText('(smtp-auth-off-tenant)').click();
  await page.getByText('What it means').waitFor();
  await picture(page, 'check-item');
  await page.goto(`${everything.house.url}/checks/no-such-item`);
  await page.getByRole('heading', { name: 'No such page' }).waitFor();
});

test('a mail server is tried step by step by the keyboard alone, and nothing of it is stored', async () => {
  const { page } = browser;
  await page.goto(`${everything.house.url}/connections?lang=en`);
  await tabTo(page, page.getByRole('button', { name: 'Try a mail server' }));
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog');
  const protocol = dialog.getByLabel('Protocol');
  await tabTo(page, protocol);
  await page.keyboard.type('s');
  assert.equal(await protocol.inputValue(), 'smtp');
  await tabTo(page, dialog.getByLabel('Mail server'));
  await page.keyboard.type(everything.lab.facts.smtp);
  await tabTo(page, dialog.getByRole('button', { name: 'Try it' }));
  await page.keyboard.press('Enter');
  await page.getByText('Every step held.').waitFor();
  await page.getByRole('row', { name: /^capabilities/ }).waitFor();
  await picture(page, 'connection');
});

test('it is tried with the token that an account has, and what was said is shown without it', async () => {
  const { page } = browser;
  await page.goto(`${everything.house.url}/accounts/${everything.accounts[0].account}`);
  await page.getByRole('link', { name: 'Test the connection' }).click();
  await page.getByRole('button', { name: 'Try a mail server' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('With the token of').waitFor();
  assert.equal(await dialog.getByLabel('With the token of').inputValue(), everything.accounts[0].account);
  await dialog.getByLabel('Mail server').fill('mail.example.com');
  await dialog.getByRole('button', { name: 'Try it' }).click();
  await dialog.getByText(/and mail\.example\.com:993 is none of them/).first().waitFor();
  await dialog.getByLabel('Mail server').fill('');
  await picture(page, 'connection-account');
  await dialog.getByRole('button', { name: 'Try it' }).click();
  await page.getByText('Every step held.').waitFor();
  await page.getByRole('row', { name: /^sign-in/ }).waitFor();
  await page.getByText('What was said').click();
  const said = page.getByText(/C: \S+ AUTHENTICATE XOAUTH2/);
  await said.waitFor();
  assert.match(await said.textContent(), /\[secret, \d+ bytes\]/);
  assert.doesNotMatch(await page.content(), /eyJ|dXNlcj0/);
  await picture(page, 'connection-dialogue');
});

test('it is right from right to left, and where there is little room', async () => {
  const { page } = browser;
  await everything.lab.api('faults', { id: 'imap-not-connected', scope: sales });
  await everything.house.command('check', 'mailbox-access', 'inbound-enabled', '--mailbox', sales).catch(() => undefined);
  await page.goto(`${everything.house.url}/checks?lang=ar`);
  await page.getByRole('article', { name: /^inbound-enabled: / }).waitFor();
  await picture(page, 'checks-ar');
  await page.setViewportSize({ width: 400, height: 800 });
  await picture(page, 'checks-ar-narrow');
  await fits(page);
  // A choice with long words makes no page wider than its window.
  await page.goto(`${everything.house.url}/mailboxes/${sales}?lang=qps`);
  await page.locator('main select').first().waitFor();
  await fits(page);
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.goto(`${everything.house.url}/checks/inbound-enabled?lang=ar`);
  await page.getByRole('table').first().waitFor();
  await picture(page, 'check-item-ar');
  assert.deepEqual(browser.complaints.filter((each) => !/40[014]/.test(each)), []);
});
