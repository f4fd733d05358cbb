// The page of alarms: acknowledging, silencing, the page that an alarm links to, the ways of its mail with a test, and webhooks.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../support/scratch.mjs';
import { administrator, openBrowser, openHouse, opening, picture, signIn } from './console.mjs';

let everything, browser;

before(async () => {
  everything = await openHouse();
  browser = await openBrowser();
}, opening);

after(async () => {
  await browser?.close();
  await everything?.close();
});

const alarm = async () => (await everything.house.api('alarms')).items.find((each) => each.cause === 'disk-filling');

test('an alarm is acknowledged, silenced and explained', async () => {
  const { page } = browser;
  await everything.house.command('settings', 'set', 'alarm-disk-filling', '100');
  await page.goto(`${everything.house.url}/alarms`);
  await signIn(page, administrator);
  await page.getByRole('heading', { name: 'Alarms', level: 1 }).waitFor();
  // A machine that is slow may give cause for others.
  const row = page.getByRole('table', { name: 'Alarms', exact: true }).getByRole('row').filter({ hasText: 'A disk fills up' });
  await row.getByText('A disk fills up', { exact: true }).waitFor();
  await row.getByRole('button', { name: 'Acknowledge', exact: true }).click();
  await row.getByText('admin sees to it.').waitFor();
  assert.ok((await alarm()).acknowledged);
  await row.getByRole('button', { name: 'Silence for 4 hours' }).click();
  await row.getByText(/Silent until/).waitFor();
  await row.getByRole('button', { name: 'Silence no more' }).click();
  await until('no silence', async () => (await alarm()).silenced_until === null);
  await row.getByRole('link', { name: 'What it means, and what to do' }).click();
  await page.getByRole('heading', { name: 'A disk fills up', level: 1 }).waitFor();
  await page.getByText('Make room, or a larger disk').waitFor();
  await page.goBack();
});

test('a way for its mail is added and tried, and other software is told', async () => {
  const { page } = browser;
  await everything.house.command('settings', 'set', 'alarm-recipients', 'on-call@example.com');
  await page.getByRole('button', { name: 'Add a way' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('combobox', { name: /^By/ }).selectOption('server');
  await dialog.getByRole('textbox', { name: /^Mail server/ }).fill('localhost:9');
  await dialog.getByRole('combobox', { name: /^Connection/ }).selectOption('none');
  await dialog.getByRole('textbox', { name: /^From/ }).fill('postroom@contoso.test');
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByText('localhost:9', { exact: true }).first().waitFor();
  await page.getByRole('button', { name: 'Send a test' }).click();
  await page.getByText('Postroom: test of the alarms').waitFor();
  // Nobody listens there, and that shows.
  await until('the failure', async () => (await everything.house.api('alarm-routes')).items[0].failure !== '');

  await page.getByRole('button', { name: 'Add a webhook' }).click();
  await dialog.getByRole('textbox', { name: /^Name/ }).fill('tickets');
  await dialog.getByRole('textbox', { name: /^Address/ }).fill('http://tickets.contoso.test/');
  await dialog.getByLabel('Cases that are opened').check();
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await dialog.getByText(/it must begin with https/).waitFor();
  await dialog.getByRole('textbox', { name: /^Address/ }).fill('http://localhost:9/in');
  await dialog.getByRole('button', { name: 'Add', exact: true }).click();
  await until('the secret', async () => /^whsec_/.test(await dialog.getByRole('textbox', { name: 'Secret' }).inputValue()));
  await dialog.getByRole('button', { name: 'Close' }).first().click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Test', exact: true }).click();
  await page.getByRole('heading', { name: 'What tickets was told' }).waitFor();
  await page.getByText('test', { exact: true }).first().waitFor();
  await picture(page, 'alarms');
  assert.deepEqual((await everything.house.api('webhooks')).items.map((each) => [each.name, each.events]), [['tickets', ['case-opened']]]);
});
