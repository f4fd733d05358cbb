// An identity application: what has to be entered at the provider is there to be copied, and its secret is replaced by the next one
// without an hour in which no token can be had.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { authorize } from '../support/house.mjs';
import { administrator, confirm, openBrowser, openHouse, opening, picture, signIn } from './console.mjs';

let everything, browser;
const next = 'Next8Q~another-secret_of.the-lab';

before(async () => {
  everything = await openHouse({ authorized: false });
  browser = await openBrowser();
  await browser.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: everything.house.url });
}, opening);

after(async () => {
  await browser?.close();
  await everything?.close();
});

/** One more token is asked for, with whatever the application proves itself with. */
async function obtain(at = 0) {
  const { house, lab, accounts } = everything;
  const { state, reason } = await authorize(house, accounts[at].account, accounts[at].user, lab.signIn);
  assert.equal(state, 'accepted', reason);
}

test('its page has what has to be entered at the provider, each to be copied', async () => {
  const { page } = browser;
  await page.goto(`${everything.house.url}/applications`);
  await signIn(page, administrator);
  await page.getByRole('link', { name: 'provider' }).click();
  await page.getByRole('heading', { name: 'provider', level: 1 }).waitFor();
  const redirect = page.getByRole('textbox', { name: 'Redirect URL' });
  assert.equal(await redirect.inputValue(), `${everything.house.url}/oauth/callback`);
  await page.getByRole('button', { name: 'Copy: Redirect URL' }).click();
  await page.getByText('Copied').waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `${everything.house.url}/oauth/callback`);
  for (const name of ['IMAP.AccessAsUser.All', 'POP.AccessAsUser.All', 'SMTP.Send', 'IMAP.AccessAsApp'])
    await page.getByRole('cell', { name }).first().waitFor();
  assert.equal(await page.getByRole('textbox', { name: 'Tokens' }).inputValue(), `${everything.lab.facts.authority}/oauth2/v2.0/token`);
  assert.ok(!(await page.content()).includes(everything.lab.facts.client_secret), 'the secret is nowhere on the page');
  await picture(page, 'application');
});

test('everything can be reached by the keyboard, and each field says what it is', async () => {
  const { page } = browser;
  const nameless = await page.evaluate(() => [...document.querySelectorAll('main button, main input, main textarea, main a')]
    .filter((each) => each.checkVisibility() && !(each.getAttribute('aria-label') || each.textContent.trim() || each.labels?.length))
    .map((each) => each.outerHTML));
  assert.deepEqual(nameless, []);
  await page.getByRole('textbox', { name: 'Redirect URL' }).focus();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Copy: Redirect URL');
  await page.keyboard.press('Enter');
  await page.getByText('Copied').first().waitFor();
});

test('a secret is replaced by the next without a gap', async () => {
  const { page } = browser;
  const rows = page.getByRole('table', { name: 'Credentials' }).getByRole('row');
  await obtain();
  await page.reload();
  await rows.filter({ hasText: 'Accepted by the provider' }).waitFor();

  await page.getByRole('button', { name: 'Add a credential' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('To replace one without a gap').waitFor();
  await dialog.getByLabel(/^Client secret\W*$/).fill(next);
  await dialog.getByLabel('Ends').fill(new Date(Date.now() + 10 * 24 * 3_600_000).toISOString().slice(0, 10));
  await dialog.getByRole('button', { name: 'Add' }).click();
  await dialog.waitFor({ state: 'detached' });
  await rows.filter({ hasText: /Ends within \d+ days/ }).waitFor();
  assert.equal(await rows.count(), 3, 'both, and the head');
  assert.equal(await page.getByRole('button', { name: 'Add a credential' }).count(), 0, 'there are two at most');
  await picture(page, 'credential-ends-soon');

  // The provider doesn't know it yet: it says so, and is asked with the old one.
  await obtain();
  await page.reload();
  const refused = rows.filter({ hasText: 'Refused by the provider' });
  await refused.getByText('AADSTS7000215').first().waitFor();
  await refused.getByText('Remedy:').waitFor();
  await rows.filter({ hasText: 'Accepted by the provider' }).waitFor();
  await picture(page, 'credential-refused');

  // The provider takes the new one only, from now on.
  await everything.lab.api('applications', { client_id: everything.lab.facts.client_id, secret: next });
  await obtain(1);
  await page.reload();
  await rows.filter({ hasText: /Ends within \d+ days/ }).waitFor();
  const { credentials } = await everything.house.api('applications/provider');
  assert.deepEqual(credentials.map((each) => each.refused), [null, null]);

  await page.getByRole('button', { name: /^Remove the client secret added/ }).last().click();
  const question = page.getByRole('alertdialog');
  await question.getByText('The other one is used from now on.').waitFor();
  await question.getByRole('button', { name: 'Remove' }).click();
  await question.waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Add a credential' }).waitFor();
  assert.equal(await rows.count(), 2);
  assert.deepEqual((await everything.house.api('applications/provider')).credentials.map((each) => each.id), [credentials[0].id], 'the newer one stays');
  await obtain();
});

test('the last credential of an application that accounts use is not removed, and why is said', async () => {
  const { page } = browser;
  await page.getByRole('button', { name: /^Remove the client secret added/ }).click();
  const question = page.getByRole('alertdialog');
  await question.getByText('It is the only credential').waitFor();
  await question.getByRole('button', { name: 'Remove' }).click();
  await question.getByRole('alert').waitFor();
  await question.getByRole('button', { name: 'Cancel' }).click();
});

test('an application is added, with its authority, and removed', async () => {
  const { page } = browser;
  await page.getByRole('link', { name: 'Applications' }).click();
  await page.getByRole('button', { name: 'Add an identity application' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('second');
  await dialog.getByLabel('Tenant').fill('contoso.com');
  await dialog.getByLabel('Application (client) id').fill('6ad1e1b0-0000-4000-8000-000000000001');
  await dialog.getByLabel('Kind of credential').selectOption('none');
  assert.equal(await dialog.getByLabel(/^Client secret\W*$/).count(), 0);
  await dialog.getByRole('button', { name: 'Add' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'second' }).click();
  await page.getByText('Yes: the application has no credential').waitFor();
  await page.getByText('Mobile and desktop applications').waitFor();
  // The lab is a provider of its own; this one is Microsoft's, which has a page for administrators' consent.
  const consent = new URL(await page.getByRole('textbox', { name: /administrator's consent/ }).inputValue());
  assert.equal(consent.host, 'login.microsoftonline.com');
  assert.match(consent.pathname, /^\/contoso\.com\/.*adminconsent$/);
  await confirm(page, 'Remove', 'Remove');
  await page.getByRole('heading', { name: 'Identity applications', level: 1 }).waitFor();
  await page.getByRole('link', { name: 'provider', exact: true }).waitFor();
  assert.equal(await page.getByRole('link', { name: 'second' }).count(), 0);
});

test('the pages break no rule of their own content security policy', () => {
  assert.deepEqual(browser.complaints.filter((each) => !each.startsWith('Failed to load resource')), []);
});
