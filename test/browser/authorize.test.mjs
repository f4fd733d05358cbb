// An administrator authorizes an account: from the console to the lab's own sign-in page and back, as with Microsoft's.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { administrator, close, openBrowser, openHouse, opening, signIn, signInAtLab } from './console.mjs';

let everything, browser;

before(async () => {
  everything = await openHouse({ authorized: false });
  browser = await openBrowser();
}, opening);

after(async () => {
  await browser?.close();
  await everything?.close();
});

/** Opens the account's sign-in, and resolves with the provider's page in its new tab. */
async function begin(page, account) {
  await page.goto(`${everything.house.url}/accounts/${account}`);
  await page.getByRole('button', { name: 'Authorize' }).click();
  await page.getByRole('button', { name: 'Begin' }).click();
  const link = page.getByRole('link', { name: 'Open the sign-in page' });
  await link.waitFor();
  assert.equal(await page.getByLabel('Link', { exact: true }).inputValue(), await link.getAttribute('href'));
  const [tab] = await Promise.all([browser.context.waitForEvent('page'), link.click()]);
  await tab.getByLabel('Email').waitFor();
  return tab;
}

test('a name or a password that is wrong is refused, and said so', async () => {
  const { page } = browser;
  await page.goto(everything.house.url);
  await signIn(page, { ...administrator, password: 'not the password' });
  const alert = page.getByRole('alert');
  await alert.waitFor();
  assert.match(await alert.innerText(), /\S+/);
  assert.ok(await page.getByLabel('Password').isVisible(), 'the form is still there');
  assert.deepEqual((await browser.context.cookies(everything.house.url)).filter((each) => each.name === 'postroom-session'), []);
});

test('the right one opens the page that was asked for, which says that mail is held up, and that there is a lab', async () => {
  const { page } = browser;
  await page.goto(`${everything.house.url}/accounts`);
  await signIn(page, administrator);
  await page.getByRole('heading', { name: 'Accounts', level: 1 }).waitFor();
  await page.getByRole('link', { name: 'Overview' }).click();
  await page.getByText('Mail is held up.').waitFor();
  await page.getByText('2 accounts are not authorized.').waitFor();
  await page.getByText('This is a trial').waitFor();
});

test('somebody else who signs in is refused, and both are named', async () => {
  const { page } = browser;
  const [sales, support] = everything.accounts;
  const tab = await begin(page, sales.account);
  await signInAtLab(tab, support);
  const refused = page.getByRole('dialog').getByText('The sign-in was refused.');
  await refused.waitFor();
  const said = await page.getByRole('dialog').innerText();
  assert.ok(said.includes(sales.user) && said.includes(support.user), said);
  await tab.close();
});

test('the right one gives the account its grant, and mail flows', async () => {
  const { page } = browser;
  for (const each of everything.accounts) {
    const tab = await begin(page, each.account);
    await signInAtLab(tab, each);
    await page.getByRole('dialog').getByText('The account is authorized.').waitFor();
    await close(page.getByRole('dialog'));
    await page.getByText('Authorized', { exact: true }).waitFor();
    await page.getByText(each.user).first().waitFor();
    await tab.close();
  }
  await page.getByRole('link', { name: 'Overview' }).click();
  await page.getByText('Mail flows.').waitFor();
});

test('a language that is written from right to left turns the page around, and is remembered', async () => {
  const { page } = browser;
  await page.getByRole('button', { name: 'Language' }).click();
  await page.getByRole('menuitemradio', { name: 'العربية' }).click();
  await page.getByRole('heading', { name: 'نظرة عامة', level: 1 }).waitFor();
  const way = () => page.evaluate(() => [document.documentElement.lang, document.documentElement.dir, getComputedStyle(document.querySelector('main')).direction]);
  assert.deepEqual(await way(), ['ar', 'rtl', 'rtl']);
  const [nav, main] = [await page.getByRole('navigation').boundingBox(), await page.getByRole('main').boundingBox()];
  assert.ok(nav.x > main.x, 'the navigation is at the right');
  await page.reload();
  await page.getByRole('heading', { name: 'نظرة عامة', level: 1 }).waitFor();
  assert.deepEqual(await way(), ['ar', 'rtl', 'rtl']);
});

test('the pages break no rule of their own content security policy', () => {
  assert.deepEqual(browser.complaints.filter((each) => !each.startsWith('Failed to load resource')), []);
});
