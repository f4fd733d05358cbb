// An alarm's mail arrives at a real SMTP server (Postfix): begins, reminds, ends, while every services server is dead for two hours, by a
// clock that the test moves; and by another route when the own account's token is dead. Other software is told, signed, until it takes it.
//
// Mutations of the program under which it was seen to fail:
//  - alarms/notifier.cpp, carry() ends after the first route: nothing comes once the token is dead.
//  - webhooks/webhooks.cpp, judge() takes every status: the delivery that was answered with 500 does not come again.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import http from 'node:http';
import { makeCertificates } from '../support/certificates.mjs';
import { addAccount, authorize, run, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { header, startMailServers, text } from '../support/mail-house.mjs';
import { startPostgresql } from '../support/postgresql.mjs';
import { freePort, scratchFolder, until } from '../support/scratch.mjs';

const sales = 'sales@contoso.test';
const alarms = 'alarms@contoso.test';
const onCall = 'on-call@example.com';

/** PostgreSQL whose clock the test moves: Postroom finds a function of this name before the system's. */
async function startWithClock() {
  const database = await startPostgresql();
  const sql = (words) => execFileSync('/usr/bin/psql', [database.url, '-qX', '-v', 'ON_ERROR_STOP=1', '-c', words]);
  sql(`CREATE SCHEMA moved; CREATE TABLE moved.by_so_much (much interval); INSERT INTO moved.by_so_much VALUES ('0 s');
    CREATE FUNCTION moved.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
      'SELECT pg_catalog.clock_timestamp() + much FROM moved.by_so_much';
    ALTER DATABASE postgres SET search_path = public, moved, pg_catalog`);
  return Object.assign(database, { sql, move: (much) => sql(`UPDATE moved.by_so_much SET much = much + interval '${much}'`) });
}

scenario('an alarm needs no services server, and not the account that it is about', { limit: 150_000 }, async ({ keep }) => {
  const { folder, remove } = scratchFolder('alarms');
  await keep({ stop: remove });
  const certificates = makeCertificates(folder);
  const lab = await keep(startLab());
  await lab.api('users', { upn: alarms, name: 'Alarms', password: lab.facts.password });
  const servers = await startMailServers({ keep, certificates, introspection: lab.introspection });
  const database = await keep(startWithClock());
  const application = await keep(startServer({ anchors: [lab.facts.anchor, certificates.anchor], given: database, role: 'application' }));
  await setUp(application, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  await addAccount(application, { user: sales, imap: lab.facts.imap, smtp: lab.facts.smtp });
  await servers.addAccount(application, alarms);
  const services = await keep(startServer({ anchors: [lab.facts.anchor, certificates.anchor], beside: application, role: 'services' }));
  for (const user of [sales, alarms]) {
    const outcome = await authorize(application, user.split('@')[0], user, lab.signIn);
    assert.equal(outcome.state, 'accepted', outcome.reason);
  }
  await application.idle(sales, { limit: 60_000 });
  await application.command('settings', 'set', 'alarm-recipients', onCall);
  await application.command('settings', 'set', 'alarm-remind', '1h');
  const refused = await run(['alarm', 'route', 'add', '--server', 'mail.contoso.test:25', '--security', 'none', '--from', alarms, '--socket', application.socket]);
  assert.match(refused.err, /without TLS mail goes only to a server on this machine/);
  await application.command('alarm', 'route', 'add', '--account', 'alarms');
  await application.command('alarm', 'route', 'add', '--server', `localhost:${servers.postfix.ports.inbound}`, '--security', 'none', '--from', 'postroom@contoso.test');

  const tested = await run(['alarm', 'test', '--socket', application.socket]);
  assert.equal(tested.code, 0, tested.err);
  assert.match(tested.out, /Sent to on-call@example\.com by account alarms/);
  const mails = () => servers.dovecot.delivered(onCall);
  const arrives = (subject, more = () => true) => until(`a mail about ${subject}`, () => mails().find((raw) => subject.test(header(raw, 'Subject')) && more(raw)), { limit: 40_000 });
  await arrives(/test of the alarms/);
  assert.deepEqual((await application.api('alarms')).items, []);

  // As if its token had ended meanwhile: each mail needs another.
  const endToken = () => database.sql("UPDATE account_grant SET access_token_ends = 0 WHERE account = (SELECT id FROM account WHERE name = 'alarms')");
  await services.kill();
  endToken();
  const killed = new Date().toISOString();
  database.move('2 hours');
  const begins = await arrives(/alarm begins: A worker has stopped/);
  assert.match(header(begins, 'From'), /alarms@contoso\.test/);
  assert.match(text(begins), new RegExp(`no server retrieves[^]*${application.url}/alarms/about/worker-stopped`));
  await arrives(/alarm begins: Mailboxes are not even tried/);
  const raised = (await application.api('alarms')).items;
  assert.equal(raised.filter((each) => each.cause === 'worker-stopped').length, 1, 'one alarm a cause');
  assert.equal(raised.find((each) => each.cause === 'mailbox-not-tried').count, 2);
  assert.ok((await application.api('accounts/alarms')).grant.renewed > killed, 'the application server renewed the grant of its own account');

  database.move('61 minutes');
  await arrives(/alarm goes on: A worker has stopped/);

  // Its own account's token is dead: the next route takes it, and the failure shows.
  await lab.api('faults', { id: 'refresh-revoked', scope: alarms });
  endToken();
  database.move('61 minutes');
  const other = await arrives(/A worker has stopped/, (raw) => /postroom@contoso\.test/.test(header(raw, 'From')));
  assert.equal(header(other, 'References'), header(begins, 'References'), 'one thread');
  assert.equal(header(other, 'Auto-Submitted'), 'auto-generated');
  const route = (await application.api('alarm-routes')).items[0];
  assert.equal(route.account, 'alarms');
  assert.match(route.failure, /AADSTS50173/);
  // The account's trouble is told by another route than the account, once it has lasted.
  database.move('3 minutes');
  await arrives(/alarm begins: Accounts need authorization/);
  await arrives(/alarm begins: Mail about alarms finds no way \(account alarms\)/);

  await services.begin();
  await application.idle(sales, { limit: 60_000 });
  await arrives(/over: A worker has stopped/);
  const told = await until('nothing waiting', async () => {
    const { items } = await application.api('notifications');
    return items.every((each) => each.state === 'sent') && items;
  });
  const ids = mails().map((raw) => header(raw, 'Message-ID'));
  assert.equal(new Set(ids).size, ids.length, 'each came once');
  const begun = told.filter((each) => each.what === 'begins').map((each) => each.subject);
  assert.equal(new Set(begun).size, begun.length, 'each began once');
});

scenario('other software is told what happens until it takes it', { limit: 90_000 }, async ({ keep }) => {
  const lab = await keep(startLab());
  const server = await keep(startServer({ anchors: [lab.facts.anchor] }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  await addAccount(server, { user: sales, imap: lab.facts.imap, smtp: lab.facts.smtp });
  assert.equal((await authorize(server, 'sales', sales, lab.signIn)).state, 'accepted');
  const port = await freePort();
  const got = [];
  const statuses = [500];
  const receiver = http.createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk)).on('end', () => {
      got.push({ headers: request.headers, body: Buffer.concat(chunks), status: statuses[0] ?? 204 });
      response.writeHead(statuses.shift() ?? 204).end('what is said here is shown to nobody');
    });
  });
  await new Promise((resolve) => { receiver.listen(port, '127.0.0.1', resolve); });
  await keep({ stop: () => { receiver.close(); receiver.closeAllConnections(); } });
  const plain = await run(['webhook', 'add', 'tickets', '--url', 'http://tickets.contoso.test/', '--event', 'case-opened', '--socket', server.socket]);
  assert.match(plain.err, /it must begin with https:/);
  const { secret } = await server.command('webhook', 'add', 'tickets', '--url', `http://localhost:${port}/in`, '--event', 'mail-filed', '--event', 'case-opened', '--event', 'reply-sent');
  await lab.mail(sales, `From: Ann <ann@example.com>\r\nTo: ${sales}\r\nSubject: Where is it?\r\nMessage-ID: <1@example.com>\r\n\r\nHello\r\n`);
  const open = await server.caseAbout('Where is it?');
  const reply = await server.api(`cases/${open.number}/replies`, { text: 'On its way.' });
  await server.sent(reply.id);
  const events = () => got.filter((each) => each.status === 204).map((each) => each.headers['postroom-event']).sort();
  await until('three events having been taken', () => events().length === 3, { limit: 40_000 });
  assert.deepEqual(events(), ['case-opened', 'mail-filed', 'reply-sent']);
  assert.equal(got[0].status, 500);
  const again = got.filter((each) => each.headers['postroom-delivery'] === got[0].headers['postroom-delivery']);
  assert.equal(again.length, 2, 'what was not taken came again, under the same id');
  for (const { headers, body } of got) {
    const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(headers['postroom-signature']);
    assert.equal(createHmac('sha256', secret).update(`${t}.`).update(body).digest('hex'), v1);
    assert.ok(Math.abs(Date.now() / 1000 - Number(t)) < 300);
    assert.equal(JSON.parse(body).id, headers['postroom-delivery']);
  }
  const filed = JSON.parse(got.find((each) => each.headers['postroom-event'] === 'mail-filed').body).data;
  assert.equal(filed.case, open.number);
  assert.equal(filed.mailbox, sales);

  const [hook] = (await server.api('webhooks')).items;
  assert.equal(hook.secret, undefined, 'the secret is shown once');
  const deliveries = (await server.api(`webhooks/${hook.id}/deliveries`)).items;
  assert.ok(deliveries.every((each) => each.state === 'delivered' && each.status === 204));
  assert.doesNotMatch(JSON.stringify(deliveries), /shown to nobody/);
  await server.command('webhook', 'repeat', 'tickets', deliveries[0].id);
  await until('the repetition', () => got.filter((each) => each.headers['postroom-delivery'] === deliveries[0].id && each.status === 204).length === 2);
});
