// The page of a department's screens: rules are added and removed, a mail is tried, and what a screen holds is released.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../support/scratch.mjs';
import { administrator, fits, openBrowser, openHouse, opening, picture, signIn } from './console.mjs';

let everything, browser;

before(async () => {
  everything = await openHouse();
  browser = await openBrowser();
}, opening);

after(async () => {
  await browser?.close();
  await everything?.close();
});

const rules = () => everything.house.api('departments/Customer%20care/screens');
const mail = (to) => `From: Prize <x@mail.spam.example>\r\nTo: ${to}\r\nSubject: You have won\r\n\r\nWrite to us.\r\n`;

test('senders are blocked, several at once, and unblocked', async () => {
  const { page } = browser;
  await page.goto(`${everything.house.url}/screens`);
  await signIn(page, administrator);
  await page.getByRole('heading', { name: 'Screens', level: 1 }).waitFor();
  await page.getByRole('textbox', { name: 'Blocked senders' }).fill('Spam.example, bücher.example ann@example.com');
  await page.getByRole('button', { name: 'Add to: Blocked senders' }).click();
  const list = page.getByRole('list', { name: 'Blocked senders' });
  await list.getByText('xn--bcher-kva.example').waitFor();
  assert.deepEqual((await rules()).senders, ['ann@example.com', 'spam.example', 'xn--bcher-kva.example']);
  await page.getByRole('button', { name: 'Remove ann@example.com' }).click();
  await list.getByText('ann@example.com').waitFor({ state: 'detached' });
  assert.deepEqual((await rules()).senders, ['spam.example', 'xn--bcher-kva.example']);

  await page.getByRole('textbox', { name: 'Blocked senders' }).fill('*@*');
  await page.keyboard.press('Enter');
  await page.getByText('would block everybody').waitFor();
  await page.getByRole('textbox', { name: 'Blocked senders' }).fill('');
});

test('files, size and phrases', async () => {
  const { page } = browser;
  await page.getByRole('checkbox', { name: /^Programs, whatever/ }).click();
  await until('programs being blocked', async () => (await rules()).contents.includes('program'));
  await page.getByRole('textbox', { name: 'Blocked names of files' }).fill('.iso');
  await page.keyboard.press('Enter');
  await page.getByText('*.iso', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Change the size' }).click();
  await page.getByLabel('Largest mail, in MiB').fill('25');
  await page.getByLabel('What becomes of a larger mail').selectOption('cut');
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
  await page.getByText('Mail above 25 MiB: its case shows its header only', { exact: true }).waitFor();
  await page.getByRole('switch').click();
  await until('no phrases but those of the department', async () => !(await rules()).default_phrases);
  await page.getByRole('textbox', { name: 'It could not be delivered' }).fill('Gone with the wind');
  await page.keyboard.press('Enter');
  await page.getByText('gone with the wind').waitFor();
  const now = await rules();
  assert.deepEqual([now.largest, now.above, now.file_names, now.permanent_phrases], [25 * 1024 * 1024, 'cut', ['*.iso'], ['gone with the wind']]);
});

test('a mail is tried, and nothing of it is kept', async () => {
  const { page } = browser;
  const chooser = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Choose a mail (.eml)' }).click();
  await (await chooser).setFiles({ name: 'mail.eml', mimeType: 'message/rfc822', buffer: Buffer.from(mail('sales@contoso.test')) });
  await page.getByText('It would wait among the exceptions.').waitFor();
  await page.getByText('Blocked sender:').waitFor();
  assert.deepEqual((await everything.house.api('exceptions')).items, []);
  await picture(page, 'screens');
});

test('what is held says why, and is released', async () => {
  const { page } = browser;
  const { lab, house, accounts } = everything;
  await lab.mail(accounts[0].user, mail(accounts[0].user));
  await page.getByRole('link', { name: 'Exceptions' }).click();
  const row = page.getByRole('row').filter({ hasText: 'spam.example' });
  await row.getByText('Blocked sender:').waitFor();
  await picture(page, 'exceptions-held');
  await row.getByRole('button', { name: 'Release' }).click();
  await row.waitFor({ state: 'detached' });
  assert.equal((await house.caseAbout('You have won')).items.length, 1);
});

test('thousands of rules are searched, and the page is right from right to left', async () => {
  const { page } = browser;
  await everything.house.api('departments/Customer%20care/screens', { kind: 'sender', add: Array.from({ length: 5_000 }, (_, at) => `many${at}.example`) }, 'PATCH');
  await page.goto(`${everything.house.url}/screens/Customer%20care?lang=en`);
  await page.getByText(/more rules; search for one/).waitFor();
  await page.getByLabel('Search the rules').fill('many4321');
  await page.getByRole('list', { name: 'Blocked senders' }).getByText('many4321.example').waitFor();
  await page.goto(`${everything.house.url}/screens/Customer%20care?lang=ar`);
  await page.getByRole('heading', { level: 1, name: 'المرشحات' }).waitFor();
  await page.getByText('many0.example').waitFor();
  await picture(page, 'screens-ar');
  await fits(page);
  assert.deepEqual(browser.complaints.filter((each) => !/40[0-9]|422/.test(each)), []);
});
