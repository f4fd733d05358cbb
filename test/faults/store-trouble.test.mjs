// A store whose ground gives way: a full disk, no descriptors, a file that is locked, slow or gone, a database that stands still, falls or
// is away. Postroom says so in words, loses nothing, and goes on by itself. docs/testing.md says how to read it.
//
// LONG=1, or the MINUTES of a long run, lets each last long enough for Postroom to give up waiting.
import assert from 'node:assert/strict';
import { renameSync } from 'node:fs';
import path from 'node:path';
import { request } from '../support/browser.mjs';
import { startCampaign } from '../support/faults/campaign.mjs';
import { startWire } from '../support/faults/wire.mjs';
import { addAccount, authorize, powerCutProgram, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { startPostgresql } from '../support/postgresql.mjs';
import { delay, until } from '../support/scratch.mjs';
import { lockStore, processorSeconds, smallDisk, smallTablespace, useUpDescriptors } from '../support/store-trouble.mjs';

const long = Boolean(process.env.LONG || process.env.MINUTES);
const sales = 'sales@contoso.test';

/** A server that retrieves, deletes what it has filed, and answers; and the counting of what came and went. */
async function open({ keep, t }, options) {
  const lab = await keep(startLab());
  const { facts } = lab;
  const server = await keep(startServer({ anchors: [facts.anchor], ...options }));
  await setUp(server, { authority: facts.authority, clientId: facts.client_id, clientSecret: facts.client_secret });
  await server.command('settings', 'set', 'doubt-delays', '100ms,300ms,1s');
  const imap = await keep(startWire({ name: 'IMAP', to: facts.imap, campaign: startCampaign({ seed: 1, say() {} }), rate: 0 }));
  const name = await addAccount(server, { user: sales, imap: imap.endpoint, smtp: facts.smtp, after: 'delete' });
  assert.equal((await authorize(server, name, sales, lab.signIn)).state, 'accepted');
  await server.idle(sales);
  let put = 0;
  const promised = [];
  const house = {
    lab, server, imap,
    async arrive(count, size = 200) {
      for (const end = put + count; put < end;)
        await lab.mail(sales, `From: c@example.com\r\nTo: ${sales}\r\nSubject: Mail ${++put}.\r\n\r\n${`${put} `.repeat(size)}\r\n`);
    },
    /** What the API answers: { status, type, problem }. */
    async ask(where, body) {
      const answer = await request(`/api/v1/${where}`, {
        socketPath: server.socket, method: body ? 'POST' : 'GET', limit: 60_000,
        ...(body ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } } : {}),
      });
      return { status: answer.status, type: answer.headers['content-type'], problem: JSON.parse(answer.bytes) };
    },
    /** A change is refused, as a problem that says why. */
    async refuses(words) {
      const { status, type, problem } = await house.ask('departments', { name: `Department ${Date.now()}` });
      assert.deepEqual([status, type], [503, 'application/problem+json'], JSON.stringify(problem));
      assert.match(problem.detail, words);
    },
    /** Agents answer those cases that nobody has answered, where they can. */
    async answer() {
      const items = (await server.api('cases?limit=200')).items;
      for (const { number } of items) {
        if (promised.some((each) => each.number === number)) continue;
        const { status, problem } = await house.ask(`cases/${number}/replies`, { text: `Answer ${number}` });
        assert.ok(status === 201 || status === 503, JSON.stringify(problem));
        if (status === 201) promised.push({ number, id: problem.id });
      }
    },
    subjects: async () => (await server.api('cases?limit=200')).items.map((each) => each.subject).sort(),
    /** Whatever is not filed is still on the server, which is asked first: a mail only goes from there to here. */
    async nothingLost() {
      const left = (await lab.folder(sales)).length;
      const { filed } = (await server.mailbox(sales)).counts;
      assert.ok(left + filed >= put, `of ${put} mails ${left} are on the server, and ${filed} are filed`);
    },
    /** Every mail is a case, once, and none is left on the server; every promise was kept, once. */
    async count() {
      const expected = Array.from({ length: put }, (_, i) => `Mail ${i + 1}.`).sort();
      await until('every mail as a case', async () => (await house.subjects()).length >= put, { limit: 60_000 });
      assert.deepEqual(await house.subjects(), expected);
      await until('none left on the server', async () => (await lab.folder(sales)).length === 0);
      for (const { id } of promised)
        await until(`${id} being sent`, async () => {
          const mail = await server.api(`outbound/${id}`);
          assert.notEqual(mail.state, 'failed', mail.reason);
          // Not found in Sent Items: a person decides.
          if (mail.state === 'in-doubt' && !mail.next_try) await server.command('outbound', 'resolve', id, '--as', 'resend');
          return mail.state === 'sent';
        }, { limit: 60_000 });
      const accepted = Object.values((await lab.api('counters')).accepted_by_message_id);
      assert.deepEqual(accepted.filter((times) => times !== 1), [], 'delivered twice');
      assert.ok(accepted.length >= promised.length, 'lost on the way out');
      await server.idle(sales);
      assert.deepEqual((await server.api('exceptions')).items, [], 'nothing was set aside for what was not its fault');
      await until('no standstill any more', async () => (await server.api('alarms')).items.every((each) => each.cause !== 'store-standstill'), { limit: 60_000 });
      t.diagnostic(`${put} mails filed once, ${promised.length} answers delivered once`);
    },
  };
  return house;
}

const says = (server, words) => until(`the mailbox saying ${words}`, async () => {
  const { state, state_reason: reason } = await server.mailbox(sales);
  if (!words.test(reason)) throw new Error(`it is ${state}: ${reason}`);
  return true;
}, { limit: 45_000 });

/** People are called, by a server that needs nothing of the store; what this resolves with waits for a mail to them. */
async function tellsPeople({ lab, server }) {
  const port = /Customers' mail: 127\.0\.0\.1:(\d+)/.exec(lab.log())[1];
  const people = 'alex@contoso.test';
  for (const [name, value] of [['recipients', people], ['store-standstill', 'on']]) await server.api(`settings/alarm-${name}`, { value }, 'PUT');
  await server.command('alarm', 'route', 'add', '--server', `localhost:${port}`, '--security', 'none', '--from', 'postroom@contoso.test');
  await server.command('alarm', 'test');  // so that the notifier has looked at its routes
  return (subject, words) => until(`a mail about ${subject}`, async () => {
    const [found] = (await lab.folder(people)).filter((each) => subject.test(each.Subject));
    if (!found) return false;
    const raw = await request(`${lab.facts.page}lab/api/mailboxes/${people}/messages?folder=INBOX&uid=${found.uid}`);
    assert.match(String(raw.bytes), words);
    return true;
  }, { limit: 60_000 });
}

scenario('a full disk: nothing is filed, and it says so, until there is room', { limit: 120_000 }, async (test) => {
  const disk = smallDisk();
  test.t.diagnostic(disk.words);
  const house = await open(test, { store: 'sqlite', by: disk.by });
  const { server, arrive, answer, count, nothingLost, refuses, subjects } = house;
  await arrive(3);
  await until('the first', async () => (await subjects()).length === 3);
  const told = await tellsPeople(house);
  disk.fill(server);
  await arrive(20, 5_000);
  await says(server, /the disk is full: make room for .*postroom\.db/);
  await told(/alarm begins: Nothing can be written to the store/, /the disk is full/);
  await refuses(/the disk is full: make room for/);
  const alarm = (await server.api('alarms')).items.find((each) => each.cause === 'store-standstill');
  assert.match(alarm?.words ?? '', /the disk is full/);
  await nothingLost();
  if (long) await delay(20_000);
  disk.empty(server);
  await told(/over: Nothing can be written to the store/, /The alarm has ended/);
  await until('all cases', async () => (await subjects()).length === 23, { limit: 60_000 });
  await answer();
  await count();
});

scenario('no descriptor left: it waits without spinning, and goes on', { limit: 120_000 }, async (test) => {
  const { server, imap, arrive, answer, count, subjects } = await open(test, { store: 'sqlite' });
  await arrive(3);
  await until('the first', async () => (await subjects()).length === 3);
  const giveBack = useUpDescriptors(server);
  const waiting = server.api('version');
  imap.strikeOne({ pick: () => 'cut', fraction: () => 0 });
  await arrive(3);
  await until('it saying so', () => /no file descriptor is left of 3/.test(server.log()) && /Too many open files/.test(server.log()));
  const seconds = long ? 10 : 2;
  await until('it being at rest', async () => {
    const before = processorSeconds(server);
    await delay(seconds * 1_000);
    const used = (processorSeconds(server) - before) / seconds;
    return used < 0.5 || Promise.reject(new Error(`it took ${used} of a processor while there was nothing to do`));
  }, { limit: 10_000 });
  assert.ok(server.log().match(/no file descriptor is left of/g).length <= 2, 'said once by each listener');
  giveBack();
  assert.ok((await waiting).version, 'who connected meanwhile is answered');
  await until('it saying that there are some', () => /there are file descriptors again/.test(server.log()));
  if (!long) await server.api('retrievals', {}).catch(() => {});  // sooner than by itself
  await until('all cases', async () => (await subjects()).length === 6, { limit: 60_000 });
  await answer();
  await count();
});

scenario('a file that another program locks, and one that is taken away', { limit: 120_000 }, async (test) => {
  const { server, arrive, answer, count, refuses, subjects } = await open(test, { store: 'sqlite' });
  const file = path.join(server.folder, 'store/postroom.db');
  await arrive(3);
  await until('the first', async () => (await subjects()).length === 3);

  const letGo = await lockStore(server);
  await arrive(3);
  const answering = answer();
  if (long) await refuses(/another program has had .* locked/);
  else await delay(1_000);
  await letGo();
  await answering;
  await until('those that came meanwhile', async () => (await subjects()).length === 6, { limit: 45_000 });

  renameSync(file, `${file}.aside`);
  await refuses(/postroom\.db was removed while Postroom had it open/);
  await arrive(3);
  await says(server, /was removed while Postroom had it open/);
  renameSync(`${file}.aside`, file);
  await until('those that came meanwhile', async () => (await subjects()).length === 9, { limit: 60_000 });
  await answer();
  await count();
});

scenario('a slow disk, and then a power cut', { limit: 120_000 }, async (test) => {
  const { server, arrive, answer, count, subjects } = await open(test, {
    store: 'sqlite', by: [powerCutProgram], variables: { SYNC_MILLISECONDS: '50', POWER_CUT_SEED: '1' },
  });
  await arrive(10);
  await until('all cases', async () => (await subjects()).length === 10, { limit: 60_000 });
  await answer();
  await server.kill('SIGUSR2');
  server.variables.SYNC_MILLISECONDS = '0';
  await server.begin();
  await count();
});

scenario('PostgreSQL stands still, falls, and is away', { limit: 240_000 }, async (test) => {
  const { server, arrive, answer, count, refuses, subjects } = await open(test, { store: 'postgresql' });
  const { database } = server;
  await arrive(3);
  await until('the first', async () => (await subjects()).length === 3);

  database.signal('SIGSTOP');
  await arrive(3);
  const began = Date.now();
  if (long) await refuses(/PostgreSQL/);
  else await delay(2_000);
  const waited = Date.now() - began;
  assert.ok(waited < 40_000, `it was answered after ${waited} ms`);
  database.signal('SIGCONT');
  await until('those that came meanwhile', async () => (await subjects()).length === 6, { limit: 90_000 });

  const answering = answer().catch(() => {});  // its reading may fall into the gap
  await database.end();
  await database.begin();
  await answering;

  await database.end();
  await until('it saying so', async () => { await refuses(/PostgreSQL/); return true; });
  await arrive(3);
  await delay(long ? 60_000 : 3_000);
  await until('the words for that', async () => { await refuses(/PostgreSQL can't be reached/); return true; });
  await database.begin();
  await until('those that came meanwhile', async () => (await subjects()).length === 9, { limit: 150_000 });
  await answer();
  await count();
});

scenario('the disk of PostgreSQL is full, until there is room', { limit: 120_000 }, async (test) => {
  const database = await test.keep(startPostgresql());
  const disk = smallTablespace(database);
  if (!disk) return test.t.diagnostic('not tried: only root may mount a disk for PostgreSQL');
  await test.keep(disk);
  const house = await open(test, { store: 'postgresql', given: database });
  const { server, arrive, answer, count, nothingLost, subjects } = house;
  await arrive(3);
  await until('the first', async () => (await subjects()).length === 3);
  const told = await tellsPeople(house);
  disk.fill();
  await arrive(20, 5_000);
  await says(server, /the PostgreSQL server's disk is full: make room there/);
  await told(/alarm begins: Nothing can be written to the store/, /disk is full/);
  await nothingLost();
  disk.empty();
  await told(/over: Nothing can be written to the store/, /The alarm has ended/);
  await until('all cases', async () => (await subjects()).length === 23, { limit: 60_000 });
  await answer();
  await count();
});
