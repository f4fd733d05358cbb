// What keeps a mailbox from its server is told apart, shown with its cause, counted, and survived; one mail never stops the others; a password
// that is refused is not tried again and again; how far a retrieval is, and the metrics.
//
// Mutations of the program under which it was seen to fail:
//  - retriever/holdouts.cpp, broke() does nothing: the mails behind the poisoned one never come.
//  - grants/sign-in.cpp, without may_show_password(): the password is shown again with each look.
//  - retriever/filing.cpp, progress_due() gives nothing: no progress is shown.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { request } from '../support/browser.mjs';
import { makeCertificates } from '../support/certificates.mjs';
import { addAccount, authorize, launch, run, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { startOwnImapServer } from '../support/own-imap-server.mjs';
import { addPeople } from '../support/people.mjs';
import { freePort, root, scratchFolder, serve, stop, until } from '../support/scratch.mjs';

const sales = 'sales@contoso.test';
const mail = (subject) => `From: customer@example.com\r\nTo: ${sales}\r\nSubject: ${subject}\r\nMessage-ID: <${subject.replace(/\W/g, '-')}@example.com>\r\n\r\nHello\r\n`;
const shown = (server, address = sales) => server.api(`mailboxes/${address}`);
const inTrouble = (server, trouble, { limit = 30_000 } = {}) => until(`the trouble ${trouble}`, async () => {
  const now = await shown(server);
  if (now.trouble !== trouble) throw new Error(`it is ${now.state}, ${now.trouble}: ${now.state_reason}`);
  return now;
}, { limit });
const looked = (server) => run(['retrieve', '--once', '--socket', server.socket]);

scenario('troubles of a server are told apart, and pass', { limit: 240_000 }, async ({ keep }) => {
  const lab = await keep(startLab());
  const server = await keep(startServer({ anchors: [lab.facts.anchor] }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  await addAccount(server, { user: sales, imap: lab.facts.imap, smtp: lab.facts.smtp });
  assert.equal((await authorize(server, 'sales', sales, lab.signIn)).state, 'accepted');
  await server.idle(sales);
  const expected = {
    'imap-not-connected': { trouble: 'no-right', check: 'mailbox-access' },
    'imap-unavailable': { trouble: 'unavailable', check: 'mailbox-access' },
    'imap-throttled': { trouble: 'throttled', check: 'quota', value: '2500' },
    'imap-sign-in-refused': { trouble: 'sign-in-refused', check: 'grant-claims' },
  };
  for (const [id, { trouble, value }] of Object.entries(expected)) {
    await lab.api('faults', { id, scope: sales, ...(value ? { value } : {}) });
    // A session that is there already may not meet it.
    await server.api(`mailboxes/${sales}`, { poll: 5 + Object.keys(expected).indexOf(id) }, 'PATCH');
    const now = await inTrouble(server, trouble);
    assert.equal(now.state, 'backing-off');
    assert.ok(now.next_try, 'it says until when it waits');
    assert.ok(now.causes.length > 0, `the catalogue knows what "${now.state_reason}" means`);
    assert.ok(now.causes[0].check && now.causes[0].owner && now.causes[0].remedy);
    if (trouble === 'throttled') {
      const wait = Date.parse(now.next_try) - Date.now();
      assert.ok(wait > -30_000 && wait <= 2_500, `it waits ${wait} ms, and the server said 2500`);
    }
    if (trouble === 'sign-in-refused') {
      const account = await until('also the fresh token being refused', async () => {
        const its = await server.api('accounts/sales');
        return its.state === 'needs-authorization' && its;
      });
      assert.ok(account.grant, 'the grant is kept');
      await until('the alarm', async () => (await server.api('alarms')).items.some((each) => each.cause === 'sign-in' && each.subject === 'sales'));
    }
    await lab.api('faults', undefined, 'DELETE');
    await until(`${trouble} being over`, async () => {
      await looked(server);
      const after = await shown(server);
      return after.state === 'idle' && after.trouble === '';
    }, { limit: 60_000, pause: 500 });
  }
  await until('the account being ready', async () => (await server.api('accounts/sales')).state === 'ready');
  await until('no alarm', async () => (await server.api('alarms')).items.every((each) => each.cause !== 'sign-in'));

  // The network's: who is there speaks no TLS, nobody is there, and there is no such name.
  const noTls = new Set();
  const plain = await keep(serve(net.createServer((socket) => {
    noTls.add(socket);
    socket.on('error', () => {}).end('* OK this is no TLS\r\n');
  }), noTls));
  for (const [host, trouble] of [[plain.endpoint, 'tls'], [`localhost:${await freePort()}`, 'unreachable'], ['nowhere.invalid:993', 'dns']]) {
    await server.api('accounts/sales', { imap_host: host }, 'PATCH');
    const now = await inTrouble(server, trouble);
    assert.ok(now.causes.length > 0, now.state_reason);
  }
  await server.api('accounts/sales', { imap_host: lab.facts.imap }, 'PATCH');
  await server.idle(sales);

  // Cut in the middle of a literal: each mail comes once all the same.
  await lab.api('faults', { id: 'imap-cut-literal', value: '50', times: 2 });
  for (const subject of ['one', 'two', 'three']) await lab.mail(sales, mail(subject));
  for (const subject of ['one', 'two', 'three']) await server.caseAbout(subject);
  const { figures, counts } = await until('all being counted', async () => {
    const now = await shown(server);
    return now.state === 'idle' && now.figures.all.filed === 3 && now;
  });
  assert.equal(counts.filed, 3);
  assert.equal(counts.duplicate, 0);
  assert.equal(figures.all.retrieved, 3);
  assert.ok(figures.all.bytes >= 3 * mail('one').length - 10);
  const told = new Set(figures.failures.map((each) => each.trouble));
  for (const trouble of ['cut', 'tls', 'unreachable', 'dns', 'throttled', 'unavailable', 'no-right', 'sign-in-refused']) assert.ok(told.has(trouble), `${trouble} was counted`);
  assert.deepEqual(figures.since_start, figures.all);
  const text = await run(['mailbox', 'show', sales, '--socket', server.socket]);
  assert.match(text.out, /^retrieved +3 +3$/m);
  assert.match(text.out, /^throttled +\d+ +\d+ /m);

  await server.end();
  await server.begin();
  const after = await until('the server having begun to count', async () => {
    const now = await shown(server);
    return now.state === 'idle' && now.figures.since > figures.since && now;
  });
  assert.equal(after.figures.all.filed, 3, 'what was counted outlives the server');
  assert.equal(after.figures.since_start.filed, 0);
});

/** A house whose retrieval server is the test's own. */
async function withOwnServer(keep, options) {
  const { folder, remove } = scratchFolder('own-imap');
  await keep({ stop: remove });
  const certificates = makeCertificates(folder);
  const own = await keep(startOwnImapServer({ certificates, ...options }));
  const server = await keep(startServer({ anchors: [certificates.anchor] }));
  await server.command('settings', 'set', 'external-url', server.url);
  await server.command('department', 'add', 'Customer care');
  await server.command('account', 'add', 'sales', '--department', 'Customer care', '--access', 'password', '--user', sales,
    '--password-file', '-', '--imap-host', own.endpoint, '--smtp-host', `localhost:${await freePort()}`, { input: 'right\n' });
  return { own, server };
}
const addMailbox = (server, ...more) => server.command('mailbox', 'add', sales, '--account', 'sales', '--baseline', 'all', '--after', 'leave', ...more);

scenario('a mail that ends the connection each time holds up no other', { limit: 120_000 }, async ({ keep }) => {
  const mails = new Map(Array.from({ length: 12 }, (_, i) => [i + 1, { raw: mail(`number ${i + 1}.`) }]));
  mails.get(5).poisoned = true;
  const { own, server } = await withOwnServer(keep, { mails });
  await addMailbox(server);
  for (const uid of mails.keys()) if (uid !== 5) await server.caseAbout(`number ${uid}.`);
  const [exception] = await until('an exception', async () => {
    const { items } = await server.api('exceptions');
    return items.length > 0 && items;
  }, { limit: 60_000 });
  assert.equal(exception.kind, 'not-retrieved');
  assert.equal(exception.tries, 3);
  assert.match(exception.reason, /ended each of the 3 times that this mail was fetched by itself/);
  await server.idle(sales);
  const asked = own.asked.get(5);
  assert.ok(asked <= 5, `it was asked for ${asked} times`);
  await until('its being counted', async () => (await shown(server)).figures.all.refused === 1);
  await looked(server);
  assert.equal(own.asked.get(5), asked, 'it is not asked for by itself any more');
  assert.equal((await server.api('cases?limit=200')).items.length, 11);

  delete mails.get(5).poisoned;
  assert.equal((await run(['exception', 'retry', exception.id, '--socket', server.socket])).code, 0);
  await server.caseAbout('number 5.');
  assert.deepEqual((await server.api('exceptions')).items, []);
  assert.equal((await server.api('cases?limit=200')).items.length, 12);
});

scenario('a password that is refused is shown once, until there is another', { limit: 90_000 }, async ({ keep }) => {
  const { own, server } = await withOwnServer(keep, { mails: new Map([[1, { raw: mail('first') }]]), takes: (_, password) => password === 'another' });
  await addMailbox(server);
  await until('the account needing authorization', async () => (await server.api('accounts/sales')).state === 'needs-authorization');
  for (let i = 0; i < 5; ++i) await looked(server);
  assert.equal(own.signIns, 1, 'five looks later');
  const held = await shown(server);
  assert.equal(held.state, 'waiting');
  assert.equal(held.trouble, 'sign-in-refused');
  const wait = Date.parse(held.next_try) - Date.now();
  assert.ok(wait > 3_400_000 && wait < 3_700_000, `the next try is in ${wait} ms`);
  assert.ok((await server.api('alarms')).items.some((each) => each.cause === 'sign-in'));
  await server.end();
  await server.begin();
  await looked(server);
  assert.equal(own.signIns, 1, 'nor after a restart');
  await server.command('account', 'change', 'sales', '--password-file', '-', { input: 'another\n' });
  await server.caseAbout('first');
  await until('the account being ready', async () => (await server.api('accounts/sales')).state === 'ready');
  await until('no alarm', async () => (await server.api('alarms')).items.length === 0);
});

scenario('a server that names IDLE and refuses it is polled', { limit: 60_000 }, async ({ keep }) => {
  const mails = new Map([[1, { raw: mail('first') }]]);
  const { own, server } = await withOwnServer(keep, { mails });
  own.idle = 'NO IDLE is not allowed here';
  await addMailbox(server);
  await server.api(`mailboxes/${sales}`, { poll: 5 }, 'PATCH');
  await server.caseAbout('first');
  await server.idle(sales);
  const { connections } = own;
  mails.set(2, { raw: mail('second') });
  await server.caseAbout('second');
  mails.set(3, { raw: mail('third') });
  await server.caseAbout('third');
  await server.idle(sales);
  const { figures } = await shown(server);
  assert.deepEqual(figures.failures, []);
  assert.ok(own.connections - connections <= 1, 'over the session that there is');
  // Where it says that the session is over there is another one.
  own.idle = 'BAD Session invalidated - AccessTokenExpired';
  await server.api(`mailboxes/${sales}`, { poll: 6 }, 'PATCH');
  await until('another session', () => own.connections > connections + 1);
});

scenario('how far a retrieval is can be watched', { limit: 90_000 }, async ({ keep }) => {
  const mails = new Map(Array.from({ length: 20 }, (_, i) => [i + 1, { raw: mail(`slow ${i + 1}.`), delay: 300 }]));
  // The last ones come when somebody has seen the others.
  let goOn;
  mails.get(12).held = new Promise((resolve) => { goOn = resolve; });
  const { server } = await withOwnServer(keep, { mails });
  await addMailbox(server);
  const watching = launch(['retrieve', '--once', '--mailbox', sales, '--progress', '--socket', server.socket]);
  await keep({ stop: () => stop(watching) });
  const progress = await until('progress', async () => (await shown(server)).figures.progress, { limit: 20_000, pause: 50 });
  assert.equal(progress.wanted, 20);
  assert.ok(progress.come > 0 && progress.come < 20, `${progress.come} came`);
  assert.ok(progress.bytes > 0);
  await until('the command saying how far it is', () => /^\d+ of 20 mails, \d+ kB, \d+ kB\/s, \d+ s left$/m.test(watching.output));
  goOn();
  const { code } = await watching.ended;
  assert.equal(code, 0, watching.output);
  assert.ok(!watching.output.includes('['), 'no bar where there is no terminal');
  assert.match(watching.output, new RegExp(sales));
  await until('the end of it', async () => (await shown(server)).figures.progress === null);
});

scenario('metrics', { limit: 60_000 }, async ({ keep }) => {
  const { server } = await withOwnServer(keep, { mails: new Map([[1, { raw: mail('counted') }]]) });
  await addPeople(server);
  await addMailbox(server);
  await server.caseAbout('counted');
  await server.idle(sales);
  const read = async (token) => request(`${server.url}/metrics`, { headers: token ? { authorization: `Bearer ${token}` } : {} });
  const token = async (scope) => (await server.api('tokens', { name: scope, scopes: [scope], user: 'system-administrator' })).secret;
  assert.equal((await read()).status, 401);
  assert.equal((await read(await token('system:read'))).status, 403);
  const secret = await token('metrics:read');
  const answer = await read(secret);
  assert.equal(answer.status, 200);
  assert.match(answer.headers['content-type'], /^text\/plain; version=0\.0\.4/);
  assert.equal((await request(`${server.url}/api/v1/cases`, { headers: { authorization: `Bearer ${secret}` } })).status, 403, 'and it opens nothing else');
  const text = String(answer.bytes);
  const value = (sample) => Number(text.split('\n').find((line) => line.startsWith(`${sample} `))?.slice(sample.length + 1) ?? NaN);
  assert.equal(value('postroom_mailboxes{state="idle"}'), 1);
  assert.equal(value('postroom_mailboxes{state="stopped"}'), 0);
  assert.equal(value('postroom_filed_mails_total'), 1);
  assert.equal(value(`postroom_mailbox_filed_mails_total{mailbox="${sales}"}`), 1);
  assert.equal(value('postroom_retrieved_bytes_total'), mail('counted').length);
  assert.ok(Math.abs(value(`postroom_mailbox_last_success_timestamp_seconds{mailbox="${sales}"}`) - Date.now() / 1_000) < 600);
  assert.equal(value('postroom_outbound_mails{state="in-doubt"}'), 0);
  assert.ok(value('postroom_store_commits_total') > 0);
  assert.ok(value('postroom_store_commit_seconds_total') > 0);
  // Each line is a comment or a sample of a family that was described, and docs/metrics.md describes just these.
  const families = new Set([...text.matchAll(/^# TYPE (\w+) (?:gauge|counter)$/gm)].map(([, name]) => name));
  for (const line of text.trimEnd().split('\n')) {
    if (line.startsWith('# ')) continue;
    const [, name] = /^(\w+)(?:\{\w+="(?:[^"\\]|\\.)*"\})? [\d.e+-]+$/.exec(line) ?? assert.fail(line);
    assert.ok(families.has(name), line);
  }
  const described = new Set([...readFileSync(path.join(root, 'docs/metrics.md'), 'utf8').matchAll(/^\| `(\w+)`/gm)].map(([, name]) => name));
  assert.deepEqual([...families].sort(), [...described].sort());
});
