// Two people at the same thing: each sees at once what the other does, and nobody overwrites what nobody has seen.
// Seen to fail with pages that send no If-Match (the case closed, the form overtaken), and with pages that ask nothing anew on an event.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { until } from '../support/scratch.mjs';
import { administrator, agent, openBrowser, openHouse, opening, signIn } from './console.mjs';

let everything, first, second, number;

/** What a page is asking for, and since when it asks for nothing; but the stream, and what is asked for by the clock whatever is heard. */
function overhear(page) {
  const asking = new Set();
  const heard = { last: Date.now(), asked: [], isQuiet: (millis) => asking.size === 0 && Date.now() - heard.last > millis };
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (!pathname.startsWith('/api/') || /\/(events|version|applications|templates)$/.test(pathname)) return;
    asking.add(request);
    heard.asked.push(pathname);
    heard.last = Date.now();
  });
  const ended = (request) => { if (asking.delete(request)) heard.last = Date.now(); };
  page.on('requestfinished', ended);
  page.on('requestfailed', ended);
  return heard;
}

before(async () => {
  everything = await openHouse();
  [first, second] = [await openBrowser(), await openBrowser()];
  for (const each of [first, second]) each.heard = overhear(each.page);
  await mail('Where is my order?', 'together-1');
  number = (await everything.house.caseAbout('Order 17')).number;
}, opening);

after(async () => {
  await second?.close();
  await first?.close();
  await everything?.close();
});

async function mail(text, id, more = []) {
  const { user } = everything.accounts[0];
  await everything.lab.mail(user, ['From: Maria Jansen <maria@customer.example>', `To: ${user}`, 'Subject: Order 17', `Date: ${new Date().toUTCString()}`, `Message-ID: <${id}@customer.example>`, ...more, '', text, ''].join('\r\n'));
}

/** As long as it may take when the event stream tells it; the pages ask by themselves only once a minute while they hear it. */
const soon = { timeout: 45_000 };

test('what one does shows on the page of the other', async () => {
  for (const [{ page }, who] of [[first, agent], [second, administrator]]) {
    const stream = page.waitForResponse(/\/api\/v1\/events$/);
    await page.goto(`${everything.house.url}/cases/${number}`);
    await signIn(page, who);
    assert.equal((await stream).status(), 200);
    await page.getByRole('button', { name: 'Close the case', exact: true }).waitFor();
  }
  // Those that hear nothing ask every four seconds.
  for (const { heard } of [first, second]) {
    await until('a page that hears the stream asking nothing by itself', () => {
      if (!heard.isQuiet(6_000)) throw new Error(heard.asked.slice(-20).join(' '));
      return true;
    }, { limit: 15_000 });
  }
  await first.page.getByRole('button', { name: 'Close the case', exact: true }).press('Enter');
  await second.page.getByRole('button', { name: 'Reopen the case' }).waitFor(soon);
  const reopen = first.page.getByRole('button', { name: 'Reopen the case' });
  await until('the button that it has become having the focus', () => reopen.evaluate((button) => button === button.ownerDocument.activeElement));
  await second.page.getByRole('button', { name: 'Reopen the case' }).click();
  await first.page.getByRole('button', { name: 'Close the case', exact: true }).waitFor(soon);
});

test('a mail that comes shows by itself, and what was typed meanwhile stays', async () => {
  const { page } = first;
  await page.getByRole('region', { name: 'Reply' }).getByLabel('Text').fill('Dear Maria, half an ans');
  await mail('It has come!', 'together-2', ['In-Reply-To: <together-1@customer.example>']);
  await page.getByText('It has come!').waitFor();
  await second.page.getByText('It has come!').waitFor(soon);  // or it would be refused what it does next
  assert.equal(await page.getByRole('region', { name: 'Reply' }).getByLabel('Text').inputValue(), 'Dear Maria, half an ans');
});

test('a case is not closed over what one has not seen', async () => {
  const { page } = first;
  // The page is late: it learns nothing until it acts, or its button has become another one before it is pressed.
  const cases = new RegExp(`/api/v1/cases/${number}$`);
  let late = true;
  await page.route(cases, (route) => {
    if (route.request().method() !== 'GET') late = false;
    return late ? route.abort() : route.continue();
  });
  // What was on its way before is here.
  await until('no answer from before being on its way', () => first.heard.isQuiet(0));
  await second.page.getByRole('button', { name: 'Close the case', exact: true }).click();
  await second.page.getByRole('button', { name: 'Reopen the case' }).waitFor();
  await page.getByRole('button', { name: 'Close the case', exact: true }).click();
  // There may be another, about what the page could not learn.
  const alert = page.getByRole('alert').filter({ hasText: 'Somebody else changed this meanwhile' });
  await alert.waitFor();
  await page.unrouteAll({ behavior: 'wait' });
  assert.match(await alert.innerText(), /Changed by: admin/);
  await page.getByRole('button', { name: 'Reopen the case' }).waitFor();
  await alert.getByRole('button', { name: 'I have looked' }).click();
  await alert.waitFor({ state: 'detached' });
  assert.equal(await page.getByRole('region', { name: 'Reply' }).getByLabel('Text').inputValue(), 'Dear Maria, half an ans');
});

test('a form that somebody overtook keeps what was typed, and shows what they made of it', async () => {
  const [{ user: address }] = everything.accounts;
  const { page } = second;
  await page.goto(`${everything.house.url}/accounts`);
  await page.getByRole('button', { name: `Change the mailbox ${address}` }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Display name').fill('Sales team');
  await dialog.getByLabel('Seconds between two looks').fill('45');
  const { etag } = await everything.house.mailbox(address);
  await everything.house.api(`mailboxes/${address}`, { display_name: 'The sales people' }, 'PATCH');
  await dialog.getByText('Somebody else changed this meanwhile').waitFor(soon);
  await dialog.getByText('Meanwhile: The sales people').waitFor();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByText('Changed by:').waitFor();
  assert.equal((await everything.house.mailbox(address)).display_name, 'The sales people', 'nothing is overwritten');
  assert.notEqual((await everything.house.mailbox(address)).etag, etag);
  await dialog.getByRole('button', { name: 'Reload, and keep what I typed' }).click();
  assert.equal(await dialog.getByLabel('Display name').inputValue(), 'Sales team');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  const saved = await everything.house.mailbox(address);
  assert.deepEqual([saved.display_name, saved.poll], ['Sales team', 45]);
});

test('a mailbox that is stopped offers what a person can decide about its mail', async () => {
  const [{ user: address }] = everything.accounts;
  const { page } = second;
  // What makes one stop is in test/integration/unexpected-mail.test.mjs; here the list says so, and the server knows better.
  const list = /\/api\/v1\/mailboxes$/;
  await page.route(list, async (route) => {
    const response = await route.fetch();
    const body = await response.json();
    for (const each of body.items) if (each.address === address) Object.assign(each, { state: 'stopped', state_reason: 'INBOX was made anew on its server' });
    await route.fulfill({ response, json: body });
  });
  await page.goto(`${everything.house.url}/accounts`);
  await page.getByText('Stopped until somebody acts').waitFor();
  await page.getByRole('button', { name: `Retrieve the mail of ${address}` }).waitFor();
  await page.getByRole('button', { name: `Skip the mail of ${address}` }).click();
  const question = page.getByRole('alertdialog');
  await question.getByText('None of the mail that is in the folder now is retrieved').waitFor();
  await question.getByRole('button', { name: 'Skip the mail' }).click();
  await question.getByRole('alert').getByText(`${address} is not stopped`).waitFor();
  await question.getByRole('button', { name: 'Cancel' }).click();
  await question.waitFor({ state: 'detached' });
  await page.unrouteAll({ behavior: 'wait' });
});

test('a mailbox is removed, and nothing on its server is touched', async () => {
  const { page } = second;
  const { user: address } = everything.accounts[1];
  await everything.lab.mail(address, ['From: maria@customer.example', `To: ${address}`, 'Subject: It stays', '', 'x', ''].join('\r\n'));
  await everything.house.caseAbout('It stays');
  const there = async () => (await everything.lab.folder(address, 'Postroom')).length;
  await until('the mail being moved', there);
  const before = await there();
  await page.getByRole('button', { name: `Remove the mailbox ${address}` }).click();
  await page.getByRole('alertdialog').getByText('Nothing on the mail server is touched').waitFor();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('alertdialog').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: `Remove the mailbox ${address}` }).waitFor({ state: 'detached' });
  assert.equal(await everything.house.mailbox(address), undefined);
  assert.equal(await there(), before);
});

test('where the connection is lost, the page says so, and asks until it is there again', async () => {
  const { page } = first;
  await page.goto(`${everything.house.url}/cases/${number}`);
  await page.getByRole('button', { name: 'Reopen the case' }).waitFor();
  await everything.house.kill();
  await page.getByText('Connection lost').waitFor();
  await everything.house.begin();
  await page.getByText('Connection lost').waitFor({ state: 'detached' });
});

test('the pages break no rule of their own content security policy', () => {
  for (const each of [first, second])
    assert.deepEqual(each.complaints.filter((words) => !/^Failed to load resource|ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY/.test(words)), []);
});
