// The forms that say how mail is sent, and what an agent does with it on a case's page: forward, attach, schedule, take back.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../support/scratch.mjs';
import { administrator, confirm, openBrowser, openHouse, opening, picture, signIn } from './console.mjs';

let everything, browser, sales, account;
const care = 'departments/Customer%20care';

before(async () => {
  everything = await openHouse();
  browser = await openBrowser();
  sales = everything.accounts[0].user;
  account = everything.accounts[0].account;
}, opening);

after(async () => {
  await browser?.close();
  await everything?.close();
});

const dialog = (page) => page.getByRole('dialog');
const save = async (page, words = 'Save') => {
  await dialog(page).getByRole('button', { name: words, exact: true }).click();
  await dialog(page).waitFor({ state: 'detached' });
};

test('what a server is given is the default until somebody says otherwise, and then what they said', async () => {
  const { page } = browser;
  await page.goto(`${everything.house.url}/accounts/${account}`);
  await signIn(page, administrator);
  const section = page.getByRole('region', { name: 'Sending', exact: true });
  await section.getByText(/as is usual for this server/).first().waitFor();
  await section.getByRole('button', { name: 'Change the sending' }).click();
  await dialog(page).getByLabel('Mails a minute').fill('-1');
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await dialog(page).getByText('Give a whole number; 0 is no limit.').waitFor();
  await dialog(page).getByLabel('Mails a minute').fill('20');
  await picture(page, 'sending-dialog');
  await save(page);
  await section.getByText('20', { exact: true }).waitFor();
  assert.deepEqual(await everything.house.api(`accounts/${account}/sending`).then(({ messages_a_minute, connections }) => [messages_a_minute, connections]), [20, null]);
  await picture(page, 'account');
});

test('answers go where somebody says', async () => {
  const { page } = browser;
  await page.goto(`${everything.house.url}/mailboxes/${sales}`);
  const section = page.getByRole('region', { name: 'Answers', exact: true });
  await section.getByText('The mailbox itself').waitFor();
  await section.getByRole('button', { name: 'Change where answers go' }).click();
  await dialog(page).getByLabel('Customers answer to').fill('no address');
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await dialog(page).getByRole('alert').waitFor();
  await dialog(page).getByLabel('Customers answer to').fill('Care <care@contoso.test>');
  await save(page);
  await section.getByText('Care <care@contoso.test>').waitFor();
});

test('a signature and templates are made, changed and removed', async () => {
  const { page } = browser;
  await page.getByRole('link', { name: 'Templates', exact: true }).click();
  await page.getByRole('button', { name: 'Change signature and patience' }).click();
  await dialog(page).getByLabel('Signature', { exact: true }).fill('Contoso\nCustomer care');
  await dialog(page).getByLabel('How long mail is tried').fill('24');
  await save(page);
  await page.getByText('24 hr').waitFor();
  await page.getByRole('button', { name: 'Add a template' }).click();
  await dialog(page).getByLabel('Name').fill('thanks');
  await dialog(page).getByLabel('Text').fill('Dear {{nobody}},');
  await dialog(page).getByRole('button', { name: 'Add', exact: true }).click();
  await dialog(page).getByRole('alert').waitFor();
  await dialog(page).getByLabel('Text').fill('Dear {{name}},\n\nthank you for case {{number}}.');
  await save(page, 'Add');
  await page.getByRole('row', { name: /thanks/ }).waitFor();
  await page.getByRole('button', { name: 'Add a template' }).click();
  await dialog(page).getByLabel('Name').fill('thanks');
  await dialog(page).getByLabel('Text').fill('x');
  await dialog(page).getByRole('button', { name: 'Add', exact: true }).click();
  await dialog(page).getByText('There is a template of that name already.').waitFor();
  await dialog(page).getByLabel('Name').fill('spare');
  await save(page, 'Add');
  await picture(page, 'templates');
  await confirm(page, 'Remove the template spare', 'Remove');
  await page.getByRole('row', { name: /spare/ }).waitFor({ state: 'detached' });
  const sending = await everything.house.api(`${care}/sending`);
  assert.deepEqual([sending.signature, sending.patience], ['Contoso\nCustomer care', 24 * 60]);
  assert.deepEqual((await everything.house.api(`${care}/templates`)).items.map((each) => each.name), ['thanks']);
});

test('a mail is sent on with a file, and a template fills in an answer that is scheduled and taken back', async () => {
  const { page } = browser;
  await everything.lab.mail(sales, `From: Maria <maria@customer.example>\r\nTo: ${sales}\r\nSubject: Invoice 12\r\n\r\nWhere is it?\r\n`);
  const { number } = await everything.house.caseAbout('Invoice 12');
  await everything.house.command('settings', 'set', 'undo-delay', '1s');
  await page.goto(`${everything.house.url}/cases/${number}`);
  const box = page.getByRole('region', { name: 'Reply' });
  await box.getByLabel('Kind').selectOption('forward');
  await until('that it goes to nobody yet', async () => (await box.getByLabel('To', { exact: true }).inputValue()) === '');
  await box.getByLabel('To', { exact: true }).fill('books@customer.example');
  await box.getByLabel('Attach files').setInputFiles({ name: 'note.txt', mimeType: 'text/plain', buffer: Buffer.from('Please pay.') });
  await box.getByText('note.txt', { exact: true }).waitFor();
  await box.getByLabel('Text').fill('For you.');
  await picture(page, 'forward');
  await box.getByRole('button', { name: 'Send', exact: true }).click();
  // Until then its words stay in the box, and are taken out of it then.
  await box.getByText('The reply is safely queued').waitFor();
  await until('the mail that was sent on', async () => (await everything.lab.api('outside')).find((each) => each.recipients.includes('books@customer.example')));

  await box.getByLabel('Kind').selectOption('reply');
  await until('whom the answer goes to', async () => (await box.getByLabel('To', { exact: true }).inputValue()).includes('maria@customer.example'));
  await box.getByLabel('Template').selectOption('thanks');
  await until('the template', async () => (await box.getByLabel('Text').inputValue()).includes(`thank you for case ${number}.`));
  await box.getByLabel('Send at').fill(new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 16));
  await box.getByRole('button', { name: 'Send', exact: true }).click();
  await box.getByText('The reply is safely queued').waitFor();
  const scheduled = page.getByRole('article', { name: /Sent by us/ }).filter({ hasText: `thank you for case ${number}.` });
  await scheduled.getByText('Goes out:').waitFor();
  await scheduled.getByRole('button', { name: 'Do not send it' }).click();
  await scheduled.getByText('Taken back', { exact: true }).waitFor();
  assert.deepEqual(browser.complaints.filter((each) => !/40[0-9]|422/.test(each)), []);
});

test('what was sent a moment ago can be undone', async () => {
  const { page } = browser;
  const box = page.getByRole('region', { name: 'Reply' });
  // For as long as a slow machine needs for a click.
  await everything.house.command('settings', 'set', 'undo-delay', '10m');
  await box.getByLabel('Send at').fill('');
  await box.getByLabel('Text').fill('Too early.');
  await box.getByRole('button', { name: 'Send', exact: true }).click();
  await box.getByRole('button', { name: 'Undo' }).click();
  await until('the words being back', async () => (await box.getByLabel('Text').inputValue()) === 'Too early.');
  assert.ok(!(await everything.lab.api('outside')).some((each) => each.recipients.includes('maria@customer.example')));
});

test('how far a retrieval is stands on the page of its mailbox', async () => {
  const { page } = browser;
  // As the API tells it while mail comes.
  const its = /\/api\/v1\/mailboxes\/[^/?]+$/;
  await page.route(its, async (route) => {
    const response = await route.fetch();
    const mailbox = await response.json();
    mailbox.figures.progress = { wanted: 400, come: 100, bytes: 10_000_000, begun: new Date(Date.now() - 10_000).toISOString() };
    await route.fulfill({ response, json: mailbox });
  });
  await page.goto(`${everything.house.url}/mailboxes/${sales}`);
  const bar = page.getByRole('progressbar', { name: 'Under way' });
  await bar.waitFor();
  assert.match(await bar.locator('..').innerText(), /^\s*100 \/ 400, 10 MB, a second: .*B, left: .*s/);
  await picture(page, 'mailbox-under-way');
  await page.unrouteAll({ behavior: 'wait' });
});
