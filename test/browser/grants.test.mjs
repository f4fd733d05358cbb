// The ways to a grant as administrators meet them: tried before it counts, by a code on another device, overtaken by somebody else;
// what each mailbox allows; and an account that signs in otherwise from now on.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { authorize } from '../support/house.mjs';
import { until } from '../support/scratch.mjs';
import { administrator, close, openBrowser, openHouse, opening, picture, signIn, signInAtLab } from './console.mjs';

let everything, browser, other, gate;
const bella = { name: 'bella', password: 'another administrator', role: 'system-administrator' };
const shared = 'orders@contoso.test';

/** In front of a server: who connects waits until it is opened. */
async function startGate(endpoint) {
  const waiting = new Set(), sockets = new Set();
  let open = true;
  const join = (near) => {
    const far = net.connect(Number(endpoint.split(':').at(-1)), '127.0.0.1');
    for (const each of [near, far]) {
      sockets.add(each);
      each.on('error', () => {}).once('close', () => { sockets.delete(each); near.destroy(); far.destroy(); });
    }
    near.pipe(far).pipe(near);
  };
  const server = net.createServer((near) => {
    near.on('error', () => {});
    if (open) join(near); else waiting.add(near);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `localhost:${server.address().port}`,
    shut: () => { open = false; },
    open: () => {
      open = true;
      for (const each of waiting) join(each);
      waiting.clear();
    },
    close: () => {
      for (const each of [...waiting, ...sockets]) each.destroy();
      server.close();
    },
  };
}

before(async () => {
  everything = await openHouse({ authorized: false });
  const { house, lab, accounts } = everything;
  await house.command('user', 'add', bella.name, '--role', bella.role, '--password-file', '-', { input: `${bella.password}\n` });
  gate = await startGate(lab.facts.imap);
  await house.api(`accounts/${accounts[0].account}`, { imap_host: gate.endpoint }, 'PATCH');
  browser = await openBrowser();
  other = await openBrowser();
  for (const [each, who] of [[browser, administrator], [other, bella]]) {
    await each.page.goto(`${house.url}/accounts/${accounts[0].account}`);
    await signIn(each.page, who);
    await each.page.getByRole('heading', { name: accounts[0].account, level: 1 }).waitFor();
  }
}, opening);

after(async () => {
  gate?.close();
  await other?.close();
  await browser?.close();
  await everything?.close();
});

/** Opens the dialog of the account's page, and begins as `choose` does in it. */
async function begin(page, choose = async () => {}) {
  await page.getByRole('button', { name: 'Authorize' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Begin' }).waitFor();
  await choose(dialog);
  await dialog.getByRole('button', { name: 'Begin' }).click();
  return dialog;
}

/** The provider's page, in a tab of its own. */
async function follow({ context }, dialog) {
  const link = dialog.getByRole('link', { name: 'Open the sign-in page' });
  const [tab] = await Promise.all([context.waitForEvent('page'), link.click()]);
  await tab.getByLabel('Email').waitFor();
  return tab;
}

test('who is overtaken by another administrator is told by whom, and so is who comes back from that sign-in', async () => {
  const [sales] = everything.accounts;
  const first = await begin(browser.page);
  const tab = await follow(browser, first);
  await other.page.getByRole('button', { name: 'Authorize' }).click();
  const second = other.page.getByRole('dialog');
  await second.getByText('A sign-in is under way already').waitFor();
  assert.match(await second.innerText(), /begun by: admin/);
  await picture(other.page, 'underway');
  await second.getByRole('button', { name: 'Begin' }).click();
  await second.getByRole('link', { name: 'Open the sign-in page' }).waitFor();
  await first.getByText('The sign-in was refused.').waitFor();
  assert.match(await first.innerText(), /bella/);
  await picture(browser.page, 'superseded');
  await signInAtLab(tab, sales);
  assert.match(await tab.locator('body').innerText(), /bella/);
  await picture(tab, 'superseded-return');
  await tab.close();
  await close(first);
  await close(second);
  const [latest, earlier] = await everything.house.api(`accounts/${sales.account}/authorizations`).then((all) => all.items);
  assert.deepEqual([latest.by, latest.state, earlier.by, earlier.state], ['bella', 'waiting', 'admin', 'refused']);
});

test('a grant is tried before it counts, and the page says so until it was', async () => {
  const { page } = browser;
  const [sales] = everything.accounts;
  gate.shut();
  const dialog = await begin(page);
  const tab = await follow(browser, dialog);
  const back = signInAtLab(tab, sales);
  await dialog.getByText('Being tried').waitFor();
  await dialog.getByText('what the account had stays in force until then').waitFor();
  assert.equal((await everything.house.api(`accounts/${sales.account}`)).state, 'new', 'not authorized yet');
  await picture(page, 'trying');
  gate.open();
  await dialog.getByText('The account is authorized.').waitFor();
  await back;
  await tab.close();
  await close(dialog);
  await page.getByText('Authorized', { exact: true }).waitFor();
  const rights = page.getByRole('table', { name: 'What its mailboxes allow' });
  await rights.getByRole('row', { name: sales.user }).getByText('It opens').waitFor();
  await rights.getByRole('row', { name: sales.user }).getByText('Could not be told').waitFor();
  await page.getByRole('table', { name: 'Sign-ins lately' }).getByRole('row').nth(1).getByText('The account is authorized.').waitFor();
  await picture(page, 'account');
});

test('by a code that somebody enters on another device', async () => {
  const { page } = browser;
  const [, support] = everything.accounts;
  await page.goto(`${everything.house.url}/accounts/${support.account}`);
  const dialog = await begin(page, (choices) => choices.getByLabel('By a short code').check());
  const code = await dialog.getByRole('status', { name: 'Code' }).innerText();
  // By the keyboard one goes on where the step before ended, of which the focus was taken on.
  await page.waitForFunction(() => document.activeElement?.closest('[role=dialog]'));
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.closest('[role=dialog] a')?.tagName), 'A');
  const where = dialog.getByRole('link');
  assert.match(await where.innerText(), /\/devicelogin$/);
  await picture(page, 'device-code');
  // The other device.
  const device = await other.context.newPage();
  await device.goto(await where.innerText());
  await device.getByLabel('Code').fill(code.toLowerCase());
  await device.getByLabel('Email').fill(support.user);
  await device.getByLabel('Password').fill(support.password);
  await device.getByRole('button', { name: 'Continue' }).click();
  await device.getByText('You have signed in.').waitFor();
  await device.close();
  await dialog.getByText('The account is authorized.').waitFor();
  await close(dialog);
  await page.getByText('Authorized', { exact: true }).waitFor();
});

test('a code that nobody wants is refused with the cause', async () => {
  const { page } = browser;
  const dialog = await begin(page, (choices) => choices.getByLabel('By a short code').check());
  const code = await dialog.getByRole('status', { name: 'Code' }).innerText();
  const device = await other.context.newPage();
  await device.goto(await dialog.getByRole('link').innerText());
  await device.getByLabel('Code').fill(code);
  await device.getByLabel('Email').fill('x@contoso.test');
  await device.getByLabel('Password').fill('x');
  await device.getByRole('button', { name: 'Cancel' }).click();
  await device.getByText('You have cancelled.').waitFor();
  await device.close();
  await dialog.getByText('The sign-in was refused.').waitFor();
  await dialog.getByText('Remedy:').waitFor();
  await picture(page, 'declined');
  await close(dialog);
  await page.getByText('Authorized', { exact: true }).waitFor();
});

test('the table of rights of a shared account shows the mailbox that does not open, and that it does once it may', async () => {
  const { page } = browser;
  const { house, lab } = everything;
  const { imap, smtp, users: [, , alex] } = lab.facts;
  await lab.api('mailboxes', { address: shared, full_access: [], send_as: [] });
  await house.api('accounts', { name: 'team', kind: 'shared', department: 'Customer care', application: 'provider', user: alex, imap_host: imap, smtp_host: smtp });
  for (const address of [alex, shared]) await house.api('mailboxes', { address, account: 'team' });
  await page.goto(`${house.url}/accounts/team`);
  const row = (address) => page.getByRole('table', { name: 'What its mailboxes allow' }).getByRole('row', { name: address });
  await row(shared).getByText('Nobody has looked yet').first().waitFor();

  // It opens one of the two, so it is accepted, and what stands in the way of the other is noted.
  assert.equal((await authorize(house, 'team', alex, lab.signIn)).state, 'accepted');
  await row(alex).getByText('It opens').waitFor();
  await row(shared).getByText('It does not open').waitFor();
  await row(shared).getByText('Likely:').waitFor();
  await row(shared).getByText('Could not be told').waitFor();
  const lately = page.getByRole('table', { name: 'Sign-ins lately' });
  await lately.getByText('The account is authorized.').waitFor();
  assert.match(await lately.innerText(), new RegExp(shared.replace('.', '\\.')));
  await picture(page, 'rights');

  await lab.api('mailboxes', { address: shared, full_access: [alex], send_as: [alex] });
  await page.getByRole('button', { name: 'Try now' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('The test mail is marked').waitFor();
  await dialog.getByLabel('Send one test mail').check();
  await dialog.getByRole('button', { name: 'Try now' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByText('Tried: the table says what came out.').waitFor();
  await row(shared).getByText('It opens').waitFor();
  await row(shared).getByText('It may be sent from').waitFor();
  await picture(page, 'rights-hold');
  await until('the test mail having been looked at', async () => (await house.mailbox(shared)).counts.filed > 0);
  assert.deepEqual((await house.api('cases')).items.filter((each) => [alex, shared].includes(each.mailbox)), [], 'no test mail becomes a case');
});

test('with the application\'s own permissions nobody signs in: one button, and what is missing is told', async () => {
  const { page } = browser;
  const { house, lab } = everything;
  const { client_id, imap, smtp } = lab.facts;
  const desk = 'desk@contoso.test';
  await lab.api('mailboxes', { address: desk });
  await house.api('accounts', { name: 'desk', access: 'application', kind: 'shared', department: 'Customer care', application: 'provider', imap_host: imap, smtp_host: smtp });
  await house.api('mailboxes', { address: desk, account: 'desk' });
  await page.goto(`${house.url}/applications/provider`);
  const script = page.getByRole('textbox', { name: 'Script for Exchange Online PowerShell' });
  assert.match(await script.inputValue(), /New-ServicePrincipal[^]*desk@contoso\.test/);
  await picture(page, 'application-exchange');

  await page.getByRole('link', { name: 'desk' }).click();
  await page.getByText("The application's own permissions").waitFor();
  const early = await begin(page, async (choices) => assert.equal(await choices.getByRole('radio').count(), 0));
  await early.getByText("The application's token was refused.").waitFor();
  assert.match(await early.innerText(), /IMAP\.AccessAsApp/);
  await picture(page, 'application-refused');
  await close(early);

  const { enterprise_object_id: principal } = (await lab.api('applications')).find((each) => each.client_id === client_id);
  await lab.api('applications', { client_id, app_roles: ['IMAP.AccessAsApp', 'SMTP.SendAsApp'], service_principal: principal });
  await lab.api('mailboxes', { address: desk, full_access: [principal], send_as: [principal] });
  const dialog = await begin(page);
  await dialog.getByText('The account is authorized.').waitFor();
  await close(dialog);
  await page.getByRole('table', { name: 'What its mailboxes allow' }).getByRole('row', { name: desk }).getByText('It opens').waitFor();
  await page.getByText("Enterprise application's object id").waitFor();
  await picture(page, 'application-access');
});

test('an account that signed in by password is converted, and keeps its mailboxes and what was retrieved', async () => {
  const { page } = browser;
  const { house, lab, accounts: [, support] } = everything;
  await lab.mail(support.user, ['From: maria@customer.example', `To: ${support.user}`, 'Subject: Before', '', 'x', ''].join('\r\n'));
  await house.caseAbout('Before');
  await house.api(`accounts/${support.account}/conversion`, { access: 'password', user: support.user, password: 'of no use' });
  const before = await house.mailbox(support.user);
  await page.goto(`${house.url}/accounts/${support.account}`);
  await page.getByText('A password', { exact: true }).waitFor();
  // Exchange Online takes none any more, and the account says so at once.
  await page.getByText('Its password is refused', { exact: true }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Authorize' }).count(), 0);
  await picture(page, 'password');

  await page.getByRole('button', { name: 'Convert' }).click();
  const convert = page.getByRole('dialog');
  await convert.getByText('Its mailboxes and what was retrieved stay').waitFor();
  await convert.getByLabel('Signs in by').selectOption('delegated');
  await convert.getByLabel('Identity application').selectOption('provider');
  assert.equal(await convert.getByLabel('User').inputValue(), support.user);
  await picture(page, 'convert');
  // The lab's application is one of a custom provider: it has no servers of its own, so these stay.
  await convert.getByRole('button', { name: 'Convert' }).click();
  await convert.waitFor({ state: 'detached' });
  await page.getByText('Not yet authorized').waitFor();

  const dialog = await begin(page);
  const tab = await follow(browser, dialog);
  await signInAtLab(tab, support);
  await tab.close();
  await dialog.getByText('The account is authorized.').waitFor();
  await close(dialog);
  await lab.mail(support.user, ['From: maria@customer.example', `To: ${support.user}`, 'Subject: Afterwards', '', 'x', ''].join('\r\n'));
  await house.caseAbout('Afterwards');
  const now = await house.mailbox(support.user);
  assert.deepEqual([now.created, now.baseline, now.counts.filed], [before.created, before.baseline, before.counts.filed + 1]);
  assert.equal((await house.api('cases')).items.filter((each) => each.subject === 'Before').length, 1);
});

test('what a renewal was refused with shows, with the next try', async () => {
  const { page } = browser;
  const { house, lab, accounts: [sales] } = everything;
  await lab.api('faults', { id: 'refresh-revoked' });
  // The lab's clock only: it takes no access token of before, and ends the session that one of them opened.
  await lab.api('clock', { advance_s: 7_200 });
  await lab.api('faults', { id: 'imap-token-expired', scope: sales.user, times: 1 });
  await page.goto(`${house.url}/accounts/${sales.account}`);
  await until('the account needing a person', async () => (await house.api(`accounts/${sales.account}`)).state === 'needs-authorization', { limit: 60_000 });
  await page.getByText('Needs authorization', { exact: true }).waitFor();
  const grant = page.getByRole('region', { name: 'Grant' });
  await grant.getByText('The provider refused the last renewal.').waitFor();
  await page.getByText('AADSTS50173').waitFor();
  await grant.getByText('Next renewal tried').waitFor();
  await picture(page, 'needs-authorization');
});

test('the pages break no rule of their own content security policy', () => {
  for (const each of [browser, other]) assert.deepEqual(each.complaints.filter((words) => !words.startsWith('Failed to load resource')), []);
});
