// The page of the check list: a run is watched, what fails is said with what to do, and turns back once it is mended.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
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

/** Presses Tab until it has the focus. */
async function tabTo(page, what) {
  await what.waitFor();
  for (let pressed = 0; pressed < 80; ++pressed) {
    if (await what.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`no Tab leads to ${what}`);
}

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
  await page.setViewportSize({ width: 1280, height: 900 });
  await page.goto(`${everything.house.url}/checks/inbound-enabled?lang=ar`);
  await page.getByRole('table').first().waitFor();
  await picture(page, 'check-item-ar');
  assert.deepEqual(browser.complaints.filter((each) => !/40[14]/.test(each)), []);
});
