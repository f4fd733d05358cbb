// People: one is invited by a link, sets a password and works; makes an access token, with which a program works; and leaves.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { administrator, close, confirm, openBrowser, openHouse, opening, signIn } from './console.mjs';

let everything, browser, others;
const berta = { name: 'berta', password: 'a word, and another one' };

before(async () => {
  everything = await openHouse({ authorized: false });
  browser = await openBrowser();
  others = await openBrowser();
}, opening);

after(async () => {
  await others?.close();
  await browser?.close();
  await everything?.close();
});

let link;

test('an administrator adds a user, and gets a link to pass on', async () => {
  const { page } = browser;
  await page.goto(`${everything.house.url}/users`);
  await signIn(page, administrator);
  await page.getByRole('button', { name: 'Add a user' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('User name').fill(berta.name);
  assert.ok(await dialog.getByLabel('Customer care').isChecked(), 'the only department is hers');
  await dialog.getByRole('button', { name: 'Add and make a link' }).click();
  link = await dialog.getByLabel('One-time link').inputValue();
  assert.match(link, new RegExp(`^${everything.house.url}/welcome#.{20,}`));
  await close(dialog);
  await page.getByRole('row', { name: /berta.*Agent.*Customer care.*Invited by a link/ }).waitFor();
});

test('with the link she sets a password, and is signed in', async () => {
  const { page } = others;
  await page.goto(link);
  await page.getByText(berta.name).waitFor();
  assert.equal(page.url(), `${everything.house.url}/welcome`, 'the secret is not in the address any more');
  await page.getByLabel(/^New password\W*$/).fill(berta.password);
  await page.getByLabel('New password, again').fill('something else entirely');
  await page.getByRole('button', { name: 'Set the password' }).click();
  await page.getByText('The two are not the same.').waitFor();
  await page.getByLabel('New password, again').fill(berta.password);
  await page.getByRole('button', { name: 'Set the password' }).click();
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  await page.getByRole('button', { name: 'Signed in as berta' }).waitFor();
  // What an agent may not see is not offered, and nothing that was asked for was refused.
  assert.deepEqual(await page.getByRole('navigation').getByRole('link').allInnerTexts(), ['Overview', 'Cases', 'Sent']);
  assert.equal(await page.getByRole('alert').count(), 0);
});

test('the link works once, and says so', async () => {
  const { page } = others;
  await others.context.clearCookies();
  await page.goto('about:blank');
  await page.goto(link);
  await page.getByText('This link does not work any more.').waitFor();
  assert.equal(await page.getByLabel(/^New password\W*$/).count(), 0);
  await page.getByRole('link', { name: 'Sign in' }).click();
  await signIn(page, berta);
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
});

let secret;
/** What a program gets that has nothing but the token. */
const program = async (where, init) => (await fetch(`${everything.house.url}/api/v1/${where}`, { headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }, ...init })).status;

test('she makes an access token for a program, which may what she chose', async () => {
  const { page } = others;
  await page.getByRole('button', { name: 'Signed in as berta' }).click();
  await page.getByRole('menuitem', { name: 'Your sign-in' }).click();
  await page.getByRole('button', { name: 'Add an access token' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Weekly report');
  assert.equal(await dialog.getByRole('checkbox').count(), 4, 'an agent cannot give more than an agent has');
  await dialog.getByLabel('Read cases, their mails, and what was sent').check();
  await dialog.getByLabel('Works for').selectOption('30');
  await dialog.getByRole('button', { name: 'Add' }).click();
  secret = await dialog.getByLabel('Secret').inputValue();
  assert.match(secret, /^postroom_pat_/);
  assert.equal(await program('cases'), 200);
  assert.equal(await program('messages', { method: 'POST', body: '{}' }), 403);
  await dialog.getByRole('button', { name: 'Copy the secret' }).click();
  await close(dialog);
  await page.getByRole('row', { name: /Weekly report.*Read cases/ }).waitFor();
  assert.ok(!(await page.content()).includes(secret), 'it is shown once');
});

test('a token that is removed is worth nothing any more', async () => {
  const { page } = others;
  await confirm(page, 'Remove the access token Weekly report', 'Remove');
  await page.getByRole('row', { name: /Weekly report.*Removed/ }).waitFor();
  assert.equal(await program('cases'), 401);
});

test('she changes her password; a wrong old one is refused beside its field', async () => {
  const { page } = others;
  await page.getByRole('button', { name: 'Change the password' }).click();
  const dialog = page.getByRole('dialog');
  const type = async (old, wanted) => {
    await dialog.getByLabel('Password until now').fill(old);
    await dialog.getByLabel(/^New password\W*$/).fill(wanted);
    await dialog.getByLabel('New password, again').fill(wanted);
    await dialog.getByRole('button', { name: 'Change the password' }).click();
  };
  await type('not the password', 'a new word, and another');
  await dialog.getByRole('alert').waitFor();
  assert.equal(await dialog.getByLabel('Password until now').getAttribute('aria-invalid'), 'true');
  await type(berta.password, 'a new word, and another');
  await dialog.waitFor({ state: 'detached' });
  berta.password = 'a new word, and another';
});

test('the administrator changes her role, signs her out everywhere, and removes her', async () => {
  const { page } = browser;
  await page.getByRole('button', { name: 'Change the user berta' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Role').selectOption('auditor');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('row', { name: /berta.*Auditor.*Customer care.*Can sign in/ }).waitFor();
  await confirm(page, 'Sign out everywhere: berta', 'Sign out everywhere');
  // Whatever she asks for next says so. The event stream does within 15 seconds, and may be first, so that there is no link left to press.
  await others.page.goto(`${everything.house.url}/cases`);
  await others.page.getByLabel('User name').waitFor();
  await signIn(others.page, berta);
  await others.page.getByRole('link', { name: 'Accounts' }).waitFor();
  await others.page.getByRole('link', { name: 'Settings' }).waitFor({ state: 'detached' });
  await confirm(page, 'Remove the user berta', 'Remove');
  await others.page.goto(`${everything.house.url}/sent`);
  await others.page.getByLabel('User name').waitFor();
  await signIn(others.page, berta);
  await others.page.getByRole('alert').waitFor();
  await page.getByRole('row', { name: /berta/ }).waitFor({ state: 'detached' });
});

test('the pages break no rule of their own content security policy', () => {
  for (const each of [browser, others]) assert.deepEqual(each.complaints.filter((words) => !words.startsWith('Failed to load resource')), []);
});
