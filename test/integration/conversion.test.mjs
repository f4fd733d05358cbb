// From a password to OAuth, over servers that take both: the account keeps its mailbox and what was retrieved, and nothing comes twice.
import assert from 'node:assert/strict';
import { makeCertificates } from '../support/certificates.mjs';
import { startDovecot } from '../support/dovecot.mjs';
import { authorize, run, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { startPostfix } from '../support/postfix.mjs';
import { scratchFolder, until } from '../support/scratch.mjs';
import { deliver } from '../support/smtp.mjs';

const sales = 'sales@contoso.test';
const password = 'an_old_password';

scenario('an account with a password becomes one with a grant, and loses nothing', { limit: 120_000 }, async ({ keep }) => {
  const { folder, remove } = scratchFolder('certificates');
  await keep({ stop: remove });
  const certificates = makeCertificates(folder);
  const lab = await keep(startLab());
  const dovecot = await keep(startDovecot({
    certificates, introspection: lab.introspection, mechanisms: 'plain login xoauth2',
    settings: `passdb {\n  driver = static\n  args = password=${password}\n}\n`,
  }));
  const postfix = await keep(startPostfix({ certificates, dovecot, domains: ['contoso.test', 'example.com'], settings: {} }));
  const server = await keep(startServer({ anchors: [lab.facts.anchor, certificates.anchor] }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  const write = (subject) => deliver({
    port: postfix.ports.inbound, from: 'customer@example.com', to: sales,
    raw: `From: customer@example.com\nTo: ${sales}\nSubject: ${subject}\nMessage-ID: <${subject}@example.com>\n\nHello\n`,
  });
  const counts = async () => (await server.mailbox(sales)).counts;

  const made = await server.command('account', 'add', 'sales', '--department', 'Customer care', '--access', 'password', '--user', sales,
    '--password-file', '-', '--imap-host', `localhost:${dovecot.ports.imaps}`, '--smtp-host', `localhost:${postfix.ports.submission}`,
    { input: `${password}\n` });
  assert.equal(made.state, 'ready');
  assert.equal(made.application, null);
  await server.command('mailbox', 'add', sales, '--account', 'sales', '--baseline', 'all', '--after', 'leave');
  await write('before');
  const before = await server.caseAbout('before');
  const first = await server.api(`cases/${before.number}/replies`, { text: 'By password.' });
  await server.sent(first.id);
  const rights = await server.command('account', 'rights', 'sales', '--try');
  assert.equal(rights.items[0].open.outcome, 'holds', rights.items[0].open.evidence);

  const converted = await server.command('account', 'convert', 'sales', '--application', 'provider', '--user', sales);
  assert.equal(converted.access, 'delegated');
  assert.equal(converted.state, 'new');
  assert.equal(converted.retrieval_server, made.retrieval_server, 'the cloud has no servers of its own');
  assert.deepEqual(converted.mailboxes, [sales]);
  await write('meanwhile');
  assert.equal((await authorize(server, 'sales', sales, lab.signIn)).state, 'accepted');
  await server.caseAbout('meanwhile');
  await write('after');
  await server.caseAbout('after');
  await until('three mails in the ledger', async () => (await counts()).filed === 3);
  const { items } = await server.api('cases');
  assert.deepEqual(items.map((each) => each.subject).sort(), ['after', 'before', 'meanwhile'], 'nothing came twice');
  const second = await server.api(`cases/${before.number}/replies`, { text: 'By OAuth.' });
  await server.sent(second.id);
  await until('both answers being delivered', () => dovecot.delivered('customer@example.com').length === 2);

  // A wrong password, back to one: refused where it shows, and said where people look.
  const back = await server.command('account', 'convert', 'sales', '--access', 'password', '--password-file', '-', { input: 'wrong\n' });
  assert.equal(back.state, 'ready');
  assert.equal(back.grant, null);
  const tried = await server.command('account', 'rights', 'sales', '--try');
  assert.equal(tried.items[0].open.outcome, 'fails');
  const right = await server.command('account', 'change', 'sales', '--password-file', '-', { input: `${password}\n` });
  assert.equal(right.state, 'ready');
  const again = await server.command('account', 'rights', 'sales', '--try');
  assert.equal(again.items[0].open.outcome, 'holds', again.items[0].open.evidence);
  await write('at last');
  await server.caseAbout('at last', { limit: 60_000 });

  const seen = await run(['account', 'show', 'sales', '--socket', server.socket]);
  for (const each of [seen.out, server.log(), JSON.stringify(await server.api('audit')), JSON.stringify(await server.api('accounts'))])
    assert.doesNotMatch(each, new RegExp(`${password}|"wrong"`));
});

scenario('a person at a terminal reads all that has to be entered, and which mailboxes open', {}, async ({ keep }) => {
  const lab = await keep(startLab());
  const server = await keep(startServer({ anchors: [lab.facts.anchor] }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  const read = async (...words) => {
    const { code, out, err } = await run([...words, '--socket', server.socket]);
    assert.equal(code, 0, err);
    return out;
  };
  await server.command('application', 'add', 'entra', '--tenant', 'contoso.com', '--client-id', '6ad1e1b0-0000-4000-8000-000000000001',
    '--client-secret-file', '-', { input: 'a secret\n' });
  await server.command('account', 'add', 'own', '--department', 'Customer care', '--access', 'application', '--application', 'entra', '--kind', 'shared');
  await server.command('mailbox', 'add', sales, '--account', 'own');
  const shown = await read('application', 'show', 'entra');
  for (const line of [
    new RegExp(`Redirect URL: +${server.url}/oauth/callback`), /Platform: +Web/, /Allow public client flows: +Yes, where/,
    /IMAP\.AccessAsUser\.All +delegated +imap +Microsoft Graph/, /SMTP\.SendAsApp +application +smtp +Office 365 Exchange Online/,
    /Administrator's consent: +https:\/\/login\.microsoftonline\.com\/contoso\.com\/v2\.0\/adminconsent\?/,
    /New-ServicePrincipal -AppId '6ad1e1b0-0000-4000-8000-000000000001'/, /Add-MailboxPermission -Identity 'sales@contoso\.test'/,
  ]) assert.match(shown, line);
  assert.doesNotMatch(shown, /a secret/);
  const { registration } = JSON.parse(await read('application', 'show', 'entra', '--format', 'json'));
  assert.equal(registration.exchange.mailboxes[0], sales);

  const listed = await read('application', 'credential', 'list', 'entra');
  assert.match(listed, /KIND[^]*secret/);
  assert.match(await read('account', 'rights', 'own'), /sales@contoso\.test +open +not tried yet/);
  const nothing = await run(['account', 'rights', 'own', '--try', '--socket', server.socket]);
  assert.equal(nothing.code, 1);
  assert.match(nothing.err, /no grant that could be tried/);
});
