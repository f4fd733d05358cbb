// Every way to a grant, against the lab, as people and scripts go it: by the API and by the commands. With each, mail comes in and goes out.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { walk } from '../support/browser.mjs';
import { makeClientCertificate } from '../support/certificates.mjs';
import { addAccount, authorize, beginAuthorization, launch, run, scenario, settled, setUp, startLab, startServer } from '../support/house.mjs';
import { until } from '../support/scratch.mjs';

const sales = 'sales@contoso.test';
const support = 'support@contoso.test';

async function house(keep) {
  const lab = await keep(startLab());
  await lab.api('settings', { old_refresh_token_stays: 0 });  // stricter than Entra
  const server = await keep(startServer({ anchors: [lab.facts.anchor] }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  return { lab, server };
}

/** A customer's mail comes in, and the answer goes out. */
async function mailFlows({ lab, server }, mailbox, subject) {
  await lab.mail(mailbox, `From: customer@example.com\r\nTo: ${mailbox}\r\nSubject: ${subject}\r\n\r\nHello\r\n`);
  const { number } = await server.caseAbout(subject);
  await server.sent((await server.command('case', 'reply', String(number), '--text', 'Thank you.')).id);
}

/** `account authorize …` in a terminal: resolves once it shows what to open, in a whole line; `outcome()` waits for its end. */
async function atTerminal(server, shows, ...args) {
  const child = launch(['account', 'authorize', ...args, '--socket', server.socket]);
  const said = await until(`${args.join(' ')} showing what to open`, () => {
    assert.equal(child.exitCode, null, child.output);
    return shows.exec(child.output);
  });
  const outcome = async () => {
    await until(`${args.join(' ')} having ended`, () => child.exitCode !== null || Promise.reject(new Error(child.output)), { limit: 45_000 });
    const { code } = await child.ended;
    return { code, output: child.output };
  };
  return { said, outcome };
}

scenario('the code flow: begun by the API, and by the command', {}, async ({ keep }) => {
  const { lab, server } = await house(keep);
  await addAccount(server, { user: sales, imap: lab.facts.imap, smtp: lab.facts.smtp });
  await addAccount(server, { user: support, imap: lab.facts.imap, smtp: lab.facts.smtp });
  const outcome = await authorize(server, 'sales', sales, lab.signIn);
  assert.equal(outcome.state, 'accepted', outcome.reason);
  assert.equal(outcome.flow, 'code');
  assert.equal(outcome.page.status, 200);
  await mailFlows({ lab, server }, sales, 'by the API');

  const { said, outcome: ended } = await atTerminal(server, /^(https:\S+)\n/m, 'support');
  const page = await lab.signIn(said[1], support);
  assert.equal(page.status, 200, page.text);
  const { code, output } = await ended();
  assert.equal(code, 0, output);
  assert.match(output, /The account support is authorized/);
  assert.match(output, /support@contoso\.test\s+open\s+holds/);
  await mailFlows({ lab, server }, support, 'by the command');
  const rights = await server.api('accounts/support/rights');
  assert.equal(rights.items[0].open.outcome, 'holds');
  assert.equal(rights.items[0].send.outcome, 'could-not-be-told', 'servers say it only once they have a mail');
});

scenario('an administrator consents for all, where users may not', {}, async ({ keep }) => {
  const { lab, server } = await house(keep);
  const { facts } = lab;
  await addAccount(server, { user: sales, imap: facts.imap, smtp: facts.smtp });
  // The same registration as Postroom knows one of Microsoft's own cloud.
  await server.command('application', 'add', 'microsoft', '--tenant', facts.authority.split('/').at(-1), '--client-id', facts.client_id,
    '--client-secret-file', '-', { input: `${facts.client_secret}\n` });
  await lab.api('applications', { client_id: facts.client_id, admin_consent: false });
  await lab.api('settings', { users_may_consent: 0 });
  const consent = async (login, answer) => {
    const url = new URL((await server.api('applications/microsoft/registration')).admin_consent_url);
    assert.equal(url.host, 'login.microsoftonline.com');
    url.host = new URL(facts.authority).host;  // where the lab is
    return walk(url, { ca: lab.anchor, fill: (fields) => ('login' in fields ? { login, passwd: facts.password } : { consent: answer }) });
  };
  const begun = await beginAuthorization(server, 'sales');
  assert.match((await lab.signIn(begun.url, sales)).text, /AADSTS90094: Administrator consent is required/);
  assert.match((await consent(sales, 'accept')).text, /AADSTS90093/);
  const declined = await consent('admin@contoso.test', 'decline');
  assert.match(declined.text, /AADSTS65004: The resource owner or authorization server denied the request/);
  assert.match((await lab.signIn(begun.url, sales)).text, /AADSTS90094/, 'nothing has changed');

  const accepted = await consent('admin@contoso.test', 'accept');
  assert.equal(accepted.status, 200, accepted.text);
  assert.ok(accepted.url.startsWith(`${server.url}/oauth/callback?admin_consent=True&`), accepted.url);
  assert.match(accepted.text, /an administrator of the tenant [-0-9a-f]{36} consented/);
  assert.doesNotMatch(accepted.text, /another tenant/);
  const noted = (await server.api('audit')).items.filter((each) => each.what === 'application.consent');
  assert.deepEqual(noted.map((each) => each.on), ['microsoft', 'microsoft'], JSON.stringify(noted));
  const outcome = await authorize(server, 'sales', sales, lab.signIn);
  assert.equal(outcome.state, 'accepted', outcome.reason);
});

scenario('the device flow: a code from the API, and at a terminal', { limit: 90_000 }, async ({ keep }) => {
  const { lab, server } = await house(keep);
  await addAccount(server, { user: sales, imap: lab.facts.imap, smtp: lab.facts.smtp });
  await addAccount(server, { user: support, imap: lab.facts.imap, smtp: lab.facts.smtp });
  const begun = await beginAuthorization(server, 'sales', { flow: 'device' });
  assert.equal(begun.flow, 'device');
  assert.match(begun.user_code, /^[A-Z0-9]{9}$/);
  assert.equal((await server.api(`authorizations/${begun.id}`)).state, 'waiting');
  await lab.enterCode(begun.verification_url, begun.user_code, sales);
  const outcome = await settled(server, begun.id);
  assert.equal(outcome.state, 'accepted', outcome.reason);
  assert.equal((await server.api('accounts/sales')).grant.user_name, sales);
  await mailFlows({ lab, server }, sales, 'by a device');

  // At a terminal, and somebody else enters the code first.
  const wrong = await atTerminal(server, /the code (\S+),[^]*?(https:\S+)\s/, 'support', '--device-code');
  await lab.enterCode(wrong.said[2], wrong.said[1], sales);
  const refused = await wrong.outcome();
  assert.equal(refused.code, 1, refused.output);
  assert.match(refused.output, /signed in was sales@contoso\.test, and the account support needs support@contoso\.test/);
  assert.equal((await server.api('accounts/support')).grant, null);
  const right = await atTerminal(server, /the code (\S+),[^]*?(https:\S+)\s/, 'support', '--device-code');
  await lab.enterCode(right.said[2], right.said[1], support);
  const accepted = await right.outcome();
  assert.equal(accepted.code, 0, accepted.output);
  await mailFlows({ lab, server }, support, 'at a terminal');
});

scenario('the application\'s own permissions: opened is what Exchange lets it, and no user signs in', {}, async ({ keep }) => {
  const { lab, server } = await house(keep);
  const own = ['--imap-host', lab.facts.imap, '--smtp-host', lab.facts.smtp];
  await server.command('account', 'add', 'desk', '--department', 'Customer care', '--application', 'provider', '--access', 'application', '--kind', 'shared', ...own);
  await server.command('mailbox', 'add', support, '--account', 'desk', '--baseline', 'all', '--after', 'move');
  const tryIt = async () => settled(server, (await beginAuthorization(server, 'desk', { flow: 'application' })).id);
  // Each half of what an administrator has to do is told where it is missing: the permission, then Exchange's own.
  const early = await tryIt();
  assert.equal(early.state, 'refused');
  assert.match(early.reason, /no role IMAP\.AccessAsApp/);
  await lab.api('applications', { client_id: lab.facts.client_id, app_roles: ['IMAP.AccessAsApp', 'SMTP.SendAsApp'] });
  const half = await tryIt();
  assert.equal(half.state, 'refused');
  assert.match(half.reason, /AUTHENTICATE failed/);
  assert.ok(half.causes.length > 0, 'with what it means');
  assert.equal((await server.api('accounts/desk')).state, 'new');

  const { enterprise_object_id: principal } = (await lab.api('applications')).find((each) => each.client_id === lab.facts.client_id);
  await lab.api('applications', { client_id: lab.facts.client_id, service_principal: principal });
  await lab.api('mailboxes', { address: support, full_access: [principal], send_as: [principal] });
  const { code, output } = await (await atTerminal(server, /asks for its own token/, 'desk')).outcome();
  assert.equal(code, 0, output);
  assert.match(output, /support@contoso\.test\s+open\s+holds/);
  const account = await server.api('accounts/desk');
  assert.equal(account.state, 'ready');
  await mailFlows({ lab, server }, support, 'without anybody');

  // Only mailboxes on Postroom's own list are opened; one that Exchange does not open is told, and the others go on.
  await server.command('mailbox', 'add', sales, '--account', 'desk', '--baseline', 'all', '--after', 'move');
  const again = await tryIt();
  assert.equal(again.state, 'accepted', again.reason);
  assert.match(again.notes, /sales@contoso\.test/);
  const opens = Object.fromEntries((await server.api('accounts/desk/rights')).items.map((each) => [each.mailbox, each.open.outcome]));
  assert.deepEqual(opens, { [sales]: 'fails', [support]: 'holds' });

  // Its token ended at the server: another is asked for, without anybody.
  await server.end();
  await lab.api('clock', { advance_s: 7_200 });
  await server.begin();
  await mailFlows({ lab, server }, support, 'with the next token');
});

scenario('a grant is renewed: rotation, and a token that ended where the server saw it first', {}, async ({ keep }) => {
  const { lab, server } = await house(keep);
  await addAccount(server, { user: sales, imap: lab.facts.imap, smtp: lab.facts.smtp });
  assert.equal((await authorize(server, 'sales', sales, lab.signIn)).state, 'accepted');
  await mailFlows({ lab, server }, sales, 'with the first token');
  const { grant: first } = await server.api('accounts/sales');
  for (const subject of ['with the second token', 'with the third token']) {
    const { refreshes } = await lab.api('counters');
    await server.end();
    await lab.api('clock', { advance_s: 7_200 });  // the lab's only: here the token still lasts
    await server.begin();
    await mailFlows({ lab, server }, sales, subject);
    // One flight: IMAP and SMTP had both been refused. That a refresh token worked says that it was the last one issued.
    assert.equal((await lab.api('counters')).refreshes, refreshes + 1);
  }
  const { grant } = await server.api('accounts/sales');
  assert.ok(grant.renewed > first.renewed);
  assert.equal(grant.accepted, first.accepted);
  assert.equal(grant.trouble, '');

  // In use, too: the session is ended, and mail goes on with another token.
  await lab.api('faults', { id: 'imap-token-expired', scope: sales, times: 1 });
  await mailFlows({ lab, server }, sales, 'after the session was ended');
});

scenario('an application with a certificate, and the change from one credential to the next without a gap', { limit: 90_000 }, async ({ keep }) => {
  const { lab, server } = await house(keep);
  const first = makeClientCertificate(server.folder, 'postroom-2026');
  const second = makeClientCertificate(server.folder, 'postroom-2027');
  const file = path.join(server.folder, 'both.pem');
  const { client_id: clientId } = lab.facts;
  await lab.api('applications', { client_id: clientId, certificates: [first.certificate] });

  // The secret goes on until the certificate is there, and then it can go.
  const [secret] = (await server.api('applications/provider')).credentials;
  assert.equal(secret.kind, 'secret');
  writeFileSync(file, first.both);
  const added = await server.command('application', 'credential', 'add', 'provider', '--certificate', file);
  assert.equal(added.subject, 'CN=postroom-2026');
  assert.match(added.thumbprint, /^[0-9a-f]{64}$/i);
  const remove = (id) => run(['application', 'credential', 'remove', 'provider', id, '--socket', server.socket]);
  assert.equal((await remove(secret.id)).code, 0);
  await addAccount(server, { user: sales, imap: lab.facts.imap, smtp: lab.facts.smtp });
  const outcome = await authorize(server, 'sales', sales, lab.signIn);
  assert.equal(outcome.state, 'accepted', outcome.reason);
  await mailFlows({ lab, server }, sales, 'by certificate');

  const credentials = async () => Object.fromEntries((await server.api('applications/provider')).credentials.map((each) => [each.subject, each]));
  const renew = async (subject) => {
    const { renewed } = (await server.api('accounts/sales')).grant;
    await lab.api('faults', { id: 'imap-sign-in-refused', scope: sales, times: 1 });
    await server.end();
    await server.begin();
    await until('a renewal', async () => (await server.api('accounts/sales')).grant.renewed > renewed);
    await mailFlows({ lab, server }, sales, subject);
  };
  await renew('renewed by certificate');
  // The next one is entered here before the provider knows it: the older one serves until then.
  writeFileSync(file, second.both);
  await server.command('application', 'credential', 'add', 'provider', '--certificate', file);
  await renew('by the older certificate');
  const early = await credentials();
  assert.match(early['CN=postroom-2027'].refusal, /AADSTS700027/);
  assert.ok(early['CN=postroom-2026'].accepted);
  await lab.api('applications', { client_id: clientId, certificates: [first.certificate, second.certificate] });
  await renew('by the newer certificate');
  const late = await credentials();
  assert.equal(late['CN=postroom-2027'].refused, null);
  assert.ok(late['CN=postroom-2027'].accepted);
  await lab.api('applications', { client_id: clientId, certificates: [second.certificate] });
  assert.equal((await remove(late['CN=postroom-2026'].id)).code, 0);
  await renew('by the newer certificate alone');
  const last = await remove(late['CN=postroom-2027'].id);
  assert.equal(last.code, 1);
  assert.match(last.err, /accounts use the application/);
});
