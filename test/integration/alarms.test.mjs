// Every condition is made true at once, and mail of each arrives at a real SMTP server (Postfix): begins, reminds, ends, by a clock that the
// test moves, once, though there are two application servers of which one dies; also while every services server is dead for two hours,
// and by another route when the own account's token is dead. Other software is told, signed, until it takes it. That nothing can be written
// to the store is told in test/faults/store-trouble.test.mjs.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import http from 'node:http';
import { makeCertificates } from '../support/certificates.mjs';
import { addAccount, authorize, run, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { header, startMailServers, text } from '../support/mail-house.mjs';
import { startPostgresql } from '../support/postgresql.mjs';
import { delay, freePort, scratchFolder, until } from '../support/scratch.mjs';

const sales = 'sales@contoso.test';
const onCall = 'on-call@example.com';

/** PostgreSQL whose clock the test moves: Postroom finds a function of this name before the system's. */
async function startWithClock() {
  const database = await startPostgresql();
  const sql = (words) => execFileSync('/usr/bin/psql', [database.url, '-qXAt', '-v', 'ON_ERROR_STOP=1', '-c', words], { encoding: 'utf8' });
  sql(`CREATE SCHEMA moved; CREATE TABLE moved.by_so_much (much interval); INSERT INTO moved.by_so_much VALUES ('0 s');
    CREATE FUNCTION moved.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
      'SELECT pg_catalog.clock_timestamp() + much FROM moved.by_so_much';
    ALTER DATABASE postgres SET search_path = public, moved, pg_catalog`);
  return Object.assign(database, { sql, move: (much) => sql(`UPDATE moved.by_so_much SET much = much + interval '${much}'`), reset: () => sql("UPDATE moved.by_so_much SET much = '0 s'") });
}

// One account each, which the lab makes fail in its own way.
const people = ['renewed', 'slow', 'shut', 'away', 'stuck', 'queue', 'sender', 'bounced', 'doubt', 'odd', 'loop', 'well'];
const patient = '3b0f9c2e-8a44-4d0e-9c61-5d2f1a7e4b90';  // its client id: provider troubles are an application's
const at = (name) => `${name}@contoso.test`;
const mailTo = (to, subject, from = 'ann@example.com') => `From: ${from}\r\nTo: ${to}\r\nSubject: ${subject}\r\nMessage-ID: <${subject.replace(/\W/g, '-')}@example.com>\r\n\r\nHello\r\n`;
const settings = {
  'alarm-recipients': onCall, 'alarm-remind': '20m', 'alarm-refresh-failing': '1', 'alarm-mails-refused': '0', 'alarm-exceptions': '0', 'alarm-mailbox-not-retrieved': '25m quiet 1m',
  'alarm-mailbox-not-tried': '12h', 'alarm-worker-stopped': '12h', 'doubt-delays': '100ms,200ms', 'loop-limit': '1', 'unexpected-mails': '1',
};

/** What makes each true; and, where no fault of the lab's is switched off, what ends it. */
function conditions({ application, lab, servers, database, look }) {
  const fault = (name, id, value) => lab.api('faults', { id, scope: at(name), ...(value ? { value } : {}) });
  const sessionEnds = (name) => lab.api('faults', { id: 'imap-token-expired', scope: at(name), times: 1 });
  const tokenEnds = (name) => {
    database.sql(`UPDATE account_grant SET access_token_ends = 0 WHERE account = (SELECT id FROM account WHERE name = '${name}')`);
    return sessionEnds(name);
  };
  const write = (name) => application.api('messages', { mailbox: at(name), to: ['ann@example.com'], subject: `from ${name}`, text: 'x' });
  const check = async () => {
    const { id } = await application.api('checks/runs', { items: ['smtp-enabled'], account: 'sender', mailbox: at('sender'), may_send: false });
    await until('the check having ended', async () => (await application.api(`checks/runs/${id}`)).state === 'done', { limit: 60_000 });
  };
  const again = (name) => authorize(application, name, at(name), lab.signIn);
  let bounced;
  let doubtful;
  return {
    'grant-refresh': { about: 'renewed', make: async () => { await fault('renewed', 'refresh-revoked'); await tokenEnds('renewed'); }, end: () => again('renewed') },
    'refresh-failing': { about: 'slow', make: async () => { await lab.api('faults', { id: 'token-unavailable', scope: patient, value: '1' }); await tokenEnds('slow'); }, end: () => again('slow') },
    'sign-in': { about: 'shut', make: async () => { await fault('shut', 'imap-sign-in-refused'); await sessionEnds('shut'); }, end: () => again('shut') },
    'credential-ends': {
      about: 'old',
      make: async () => {
        await application.api('applications', { name: 'old', cloud: 'custom', authority: lab.facts.authority, client_id: lab.facts.client_id });
        await application.api('applications/old/credentials', { client_secret: 'one', ends: new Date(Date.now() + 10 * 86_400_000).toISOString() });
      },
      end: () => application.api('applications/old/credentials', { client_secret: 'two', ends: new Date(Date.now() + 400 * 86_400_000).toISOString() }),
    },
    'mailbox-not-retrieved': { about: at('away'), make: async () => { await fault('away', 'imap-unavailable'); await sessionEnds('away'); } },
    'mailbox-stopped': {
      about: at('anew'),
      make: async () => {
        await delay(1_100);  // Dovecot makes UIDVALIDITY of the second
        servers.dovecot.makeAnew(at('anew'));
        await servers.customerWrites(at('anew'), mailTo(at('anew'), 'again'));
        await until('its being looked at', async () => (await look('anew'), (await application.mailbox(at('anew'))).state === 'stopped'));
      },
      end: () => application.api(`mailboxes/${at('anew')}/resolution`, { as: 'file' }),
    },
    'after-actions': {
      about: at('stuck'),
      make: async () => {
        await fault('stuck', 'imap-changes-refused');
        await lab.mail(at('stuck'), mailTo(at('stuck'), 'stays'));
        await until('its being tried time and again', async () => (await look('stuck'), (await application.api('alarms')).items.some((each) => each.cause === 'after-actions')));
      },
      end: () => until('its being done', async () => (await look('stuck'), (await application.api('alarms')).items.every((each) => each.cause !== 'after-actions'))),
    },
    'queue-waits': { about: at('queue'), make: async () => { await fault('queue', 'smtp-temporary', 'mail'); await write('queue'); } },
    'dispatch-refused': { about: 'sender', make: async () => { await check(); await fault('sender', 'smtp-disabled-mailbox'); await write('sender'); } },
    'check-failed': { about: 'smtp-enabled', make: async () => { await until('the fault', async () => (await lab.api('faults')).active.some((each) => each.id === 'smtp-disabled-mailbox')); await check(); }, end: check },
    'mails-refused': {
      about: at('bounced'),
      make: async () => { await fault('bounced', 'smtp-refused', 'rcpt 550 5.1.1 User unknown'); bounced = await write('bounced'); },
      end: () => application.api(`outbound/${bounced.id}/resolution`, { as: 'resend' }),
    },
    'mails-in-doubt': {
      about: at('doubt'),
      make: async () => { await fault('doubt', 'smtp-lost-before-accepting'); doubtful = await write('doubt'); },
      end: () => application.api(`outbound/${doubtful.id}/resolution`, { as: 'sent' }),
    },
    exceptions: {
      about: at('odd'),
      make: async () => {
        await application.command('screen', 'block-sender', 'spam@example.com');
        await lab.mail(at('odd'), mailTo(at('odd'), 'held', 'spam@example.com'));
      },
      end: async () => { for (const { id } of (await application.api('exceptions')).items) await application.api(`exceptions/${id}/release`, {}); },
    },
    'mail-loop': {
      about: at('loop'),
      make: async () => {
        await application.command('mailbox', 'acknowledge', at('loop'), '--on', '--text', 'Your case is {{number}}.');
        for (const each of ['one', 'two', 'three']) await lab.mail(at('loop'), mailTo(at('loop'), `loop ${each}`));
      },
      end: () => application.api('settings/loop-period', { value: '1s' }, 'PUT'),
    },
    'disk-filling': { make: () => application.api('settings/alarm-disk-filling', { value: '100' }, 'PUT'), end: () => application.api('settings/alarm-disk-filling', { value: 'off' }, 'PUT') },
  };
}

scenario('every alarm begins, reminds and ends by mail; and needs no services server, and not the account that it is about', { limit: 240_000 }, async ({ keep, t }) => {
  const { folder, remove } = scratchFolder('alarms');
  await keep({ stop: remove });
  const certificates = makeCertificates(folder);
  const lab = await keep(startLab({ tenant: { users: ['alarms', 'anew', ...people].map((name) => ({ upn: at(name), password: 'Postroom-2026' })) } }));
  const servers = await startMailServers({ keep, certificates, introspection: lab.introspection });
  const database = await keep(startWithClock());
  const anchors = [lab.facts.anchor, certificates.anchor];
  const application = await keep(startServer({ anchors, given: database, role: 'application' }));
  const { facts } = lab;
  await setUp(application, { authority: facts.authority, clientId: facts.client_id, clientSecret: facts.client_secret });
  for (const [name, value] of Object.entries(settings)) await application.api(`settings/${name}`, { value }, 'PUT');
  const [services, second] = await Promise.all([
    keep(startServer({ anchors, beside: application, role: 'services' })), keep(startServer({ anchors, beside: application, role: 'application' })),
  ]);
  await lab.api('applications', { client_id: patient, name: 'Patient', secret: 'patience', redirect_uris: [`${application.url}/oauth/callback`], admin_consent: true });
  await application.api('applications', { name: 'patient', cloud: 'custom', authority: facts.authority, client_id: patient });
  await application.api('applications/patient/credentials', { client_secret: 'patience' });
  const dovecot = { imap_host: servers.imap, smtp_host: servers.smtp };
  await Promise.all(['alarms', 'anew', ...people].map(async (name) => {
    await application.api('accounts', {
      name, department: 'Customer care', application: name === 'slow' ? 'patient' : 'provider', user: at(name), ...(['alarms', 'anew'].includes(name) ? dovecot : { imap_host: facts.imap, smtp_host: facts.smtp }),
    });
    await application.api('mailboxes', { address: at(name), account: name, baseline: 'all', after: name === 'stuck' ? 'move' : 'leave' });
    const outcome = await authorize(application, name, at(name), lab.signIn);
    assert.equal(outcome.state, 'accepted', outcome.reason);
    await application.idle(at(name), { limit: 60_000 });
  }));
  for (const each of ['one', 'two', 'three']) await servers.customerWrites(at('anew'), mailTo(at('anew'), each));
  await until('the mail that is made anew later', async () => (await application.api('cases?limit=200')).items.length === 3, { limit: 60_000 });
  const refused = await run(['alarm', 'route', 'add', '--server', 'mail.contoso.test:25', '--security', 'none', '--from', at('alarms'), '--socket', application.socket]);
  assert.match(refused.err, /without TLS mail goes only to a server on this machine/);
  await application.command('alarm', 'route', 'add', '--account', 'alarms');
  await application.command('alarm', 'route', 'add', '--server', `localhost:${servers.postfix.ports.inbound}`, '--security', 'none', '--from', 'postroom@contoso.test');
  const tested = await run(['alarm', 'test', '--socket', application.socket]);
  assert.equal(tested.code, 0, tested.err);
  assert.match(tested.out, /Sent to on-call@example\.com by account alarms/);

  const mails = () => servers.dovecot.delivered(onCall);
  const arrives = (subject, more = () => true) => until(`a mail about ${subject}`, () => mails().find((raw) => subject.test(header(raw, 'Subject')) && more(raw)), { limit: 60_000 });
  await arrives(/test of the alarms/);
  assert.deepEqual((await application.api('alarms')).items, []);

  // Everything at once.
  const look = (name) => services.api('retrievals', { mailbox: at(name) }).catch(() => {});
  const all = conditions({ application, lab, servers, database, look });
  const causes = Object.keys(all);
  // That none is raised any more is known by whoever calls people.
  const noticed = (some) => until(`the end of ${some}`, () => database.sql(`SELECT count(*) FROM alarm_call WHERE ended IS NULL AND over IS NULL AND cause IN ('${some.join("', '")}')`).trim() === '0');
  const raised = async (server = second) => (await server.api('alarms')).items;
  const verb = { begins: /alarm begins/, reminds: /alarm goes on/, ends: /over:/ };
  const told = (what, some = causes) => until(`mail that says ${what} of each`, async () => {
    const found = mails().filter((raw) => verb[what].test(header(raw, 'Subject'))).map((raw) => /^Cause: ([a-z-]+)/m.exec(text(raw))[1]);
    const missing = some.filter((cause) => !found.includes(cause));
    if (missing.length > 0) throw new Error(`none of ${missing} among ${found}; raised: ${(await raised()).map((each) => each.cause)}`);
    return true;
  }, { limit: 90_000 });
  const began = Date.now();
  await Promise.all(Object.values(all).map(({ make }) => make()));
  await until('what needs no time', async () => {
    const found = (await raised()).map((each) => each.cause);
    const missing = causes.filter((cause) => !['mailbox-not-retrieved', 'queue-waits'].includes(cause) && !found.includes(cause));
    if (missing.length > 0) throw new Error(`no ${missing} among ${found}`);
    return true;
  }, { limit: 90_000 });
  database.move('26 minutes');
  await until('what needs some', async () => {
    const found = (await raised()).map((each) => each.cause);
    return ['mailbox-not-retrieved', 'queue-waits'].every((cause) => found.includes(cause));
  }, { limit: 60_000 });
  database.move('90 s');
  await told('begins');
  for (const [cause, { about = '' }] of Object.entries(all))
    assert.ok(mails().some((raw) => verb.begins.test(header(raw, 'Subject')) && text(raw).includes(`Cause: ${cause}`) && (header(raw, 'Subject') + text(raw)).includes(about)), `${cause} speaks of ${about}`);
  t.diagnostic(`${causes.length} alarms began within ${Date.now() - began} ms`);

  // One of the two application servers dies; the other reminds. What is known to have been sent is sent once.
  await until('nothing being under way', async () => (await second.api('notifications?limit=1000')).items.every((each) => each.state !== 'waiting'));
  await application.kill();
  database.move('21 minutes');
  await told('reminds');
  await application.begin();

  // All is mended, and the clock set back: what lies in the future by it was not a moment ago.
  await lab.api('faults', undefined, 'DELETE');
  database.reset();
  await Promise.all(Object.values(all).map(({ end }) => end?.()));
  await Promise.all([...people, 'anew', 'alarms'].map(look));
  const atOnce = causes.filter((cause) => cause !== 'mail-loop');  // which triage looks for each minute, and when it begins
  await until('what is over', async () => {
    const left = (await raised()).filter((each) => atOnce.includes(each.cause));
    if (left.length > 0) throw new Error(JSON.stringify(left));
    return true;
  }, { limit: 90_000 });
  await noticed(atOnce);
  database.move('16 minutes');
  await told('ends', atOnce);

  // No services server for two hours.
  for (const [name, value] of [['mailbox-not-tried', '15m quiet 1m'], ['worker-stopped', '1m quiet 1m']]) await application.api(`settings/alarm-${name}`, { value }, 'PUT');
  await application.idle(at('well'), { limit: 60_000 });
  // As if its token had ended meanwhile: each mail needs another.
  const endToken = () => database.sql("UPDATE account_grant SET access_token_ends = 0 WHERE account = (SELECT id FROM account WHERE name = 'alarms')");
  await services.kill();
  endToken();
  const killed = new Date().toISOString();
  database.move('2 hours');
  await until('its being missed', async () => (await raised()).filter((each) => ['worker-stopped', 'mailbox-not-tried'].includes(each.cause)).length === 2);
  const gone = await raised();
  assert.equal(gone.find((each) => each.cause === 'mailbox-not-tried').count, people.length + 2);
  database.move('61 s');
  const begins = await arrives(/alarm begins: A worker has stopped/);
  assert.match(header(begins, 'From'), /alarms@contoso\.test/);
  assert.match(text(begins), new RegExp(`no server retrieves[^]*${application.url}/alarms/about/worker-stopped`));
  await arrives(/alarm begins: Mailboxes are not even tried/);
  assert.ok((await application.api('accounts/alarms')).grant.renewed > killed, 'the application server renewed the grant of its own account');

  // Its own account's token is dead: the next route takes it, and the failure shows.
  await lab.api('faults', { id: 'refresh-revoked', scope: at('alarms') });
  endToken();
  database.move('21 minutes');
  const other = await arrives(/alarm goes on: A worker has stopped/, (raw) => /postroom@contoso\.test/.test(header(raw, 'From')));
  assert.equal(header(other, 'References'), header(begins, 'References'), 'one thread');
  assert.equal(header(other, 'Auto-Submitted'), 'auto-generated');
  // Noted once all routes were tried.
  await until('the route saying why', async () => {
    const [route] = (await application.api('alarm-routes')).items;
    return route.account === 'alarms' && /AADSTS50173/.test(route.failure);
  });
  // The account's trouble is told by another route than the account, once it has lasted.
  await until('the account being in trouble', async () => (await raised()).some((each) => each.cause === 'grant-refresh'));
  database.move('3 minutes');
  await arrives(/alarm begins: Accounts need authorization/, (raw) => raw.includes('alarms'));
  await arrives(/alarm begins: Mail about alarms finds no way \(account alarms\)/);

  await services.begin();
  database.reset();
  await until('its being back', async () => (await raised()).every((each) => each.cause !== 'worker-stopped'));
  await noticed(['worker-stopped']);
  database.move('61 s');
  await arrives(/over: A worker has stopped/);
  await told('ends', ['mail-loop']);
  const sent = await until('nothing waiting', async () => {
    const { items } = await application.api('notifications?limit=1000');
    return items.every((each) => each.state === 'sent') && items;
  });
  assert.ok(sent.every((each) => each.reached.length === 1));
  const ids = mails().map((raw) => header(raw, 'Message-ID'));
  assert.equal(new Set(ids).size, ids.length, 'each came once');
  const begun = sent.filter((each) => each.what === 'begins').map((each) => each.alarm);
  assert.equal(new Set(begun).size, begun.length, 'each began once, though two servers could tell of it');
  t.diagnostic(`${ids.length} mails`);
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
  // Those that never answer, cut, or fail hold up nobody else.
  const ill = { silent: () => {}, cutting: (request) => request.socket.destroy(), failing: (request, response) => response.writeHead(500).end() };
  const well = new Set();
  const taken = [];
  for (const [name, does] of Object.entries(ill)) {
    const at = await freePort();
    const one = http.createServer((request, response) => {
      request.resume();
      if (!well.has(name)) return does(request, response);
      taken.push(`${name} ${request.headers['postroom-delivery']}`);
      response.writeHead(204).end();
    });
    await new Promise((resolve) => { one.listen(at, '127.0.0.1', resolve); });
    await keep({ stop: () => { one.close(); one.closeAllConnections(); } });
    await server.command('webhook', 'add', name, '--url', `http://localhost:${at}/`, '--event', 'case-opened');
  }
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

  // Each of them is seen to be waiting for its next try, and why; it can be had sooner.
  for (const name of Object.keys(ill)) {
    const { id } = (await server.api('webhooks')).items.find((each) => each.name === name);
    const [tried] = await until(`${name} having been tried`, async () => {
      const { items } = await server.api(`webhooks/${id}/deliveries`);
      return items[0]?.tries > 0 && items;
    }, { limit: 40_000 });
    assert.equal(tried.state, 'waiting');
    assert.equal(tried.status, name === 'failing' ? 500 : 0);
    assert.notEqual(tried.reason, '');
    assert.ok(Date.parse(tried.next_try) > Date.parse(tried.created));
    well.add(name);
    await server.command('webhook', 'repeat', name, tried.id);
    await until(`its repetition to ${name}`, () => taken.includes(`${name} ${tried.id}`));
  }

  const hook = (await server.api('webhooks')).items.find((each) => each.name === 'tickets');
  assert.equal(hook.secret, undefined, 'the secret is shown once');
  const deliveries = await until('all being noted as delivered', async () => {
    const { items } = await server.api(`webhooks/${hook.id}/deliveries`);
    return items.length >= 3 && items.every((each) => each.state === 'delivered' && each.status === 204) && items;
  });
  assert.doesNotMatch(JSON.stringify(deliveries), /shown to nobody/);
  await server.command('webhook', 'repeat', 'tickets', deliveries[0].id);
  await until('the repetition', () => got.filter((each) => each.headers['postroom-delivery'] === deliveries[0].id && each.status === 204).length === 2);
});
