// The way out alone, over a server that strikes at each place of the protocol: the connection is cut after each single command, amid the
// mail, after its end; mail is refused for now again and again, sign-ins with 432; Postroom is killed there, and at random instants.
// Every reply is delivered once, or stands in doubt and is settled by Sent Items.
//
// RUNS=n is how many replies there are at least (80), SEED=n repeats the choices, ACCOUNTS=n is how many send at a time (20).
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { makeCertificates } from '../support/certificates.mjs';
import { seeded } from '../support/faults/choices.mjs';
import { scenario, startServer } from '../support/house.mjs';
import { delay, scratchFolder, until } from '../support/scratch.mjs';
import { places, startSubmission } from '../support/submission.mjs';

const runs = Number(process.env.RUNS ?? 80);
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
const accounts = Number(process.env.ACCOUNTS ?? 20);
const away = runs > 1_000 ? 30_000 : 2_000;

const refusals = {
  greeting: ['421 4.3.2 Service not available'],
  EHLO: ['421 4.3.2 Service not available'],
  AUTH: ['454 4.7.0 Temporary authentication failure', '432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information.', '421 4.3.2 Service not available'],
  MAIL: ['451 4.7.0 Temporary server error. Please try again later. PRX4', '451 4.7.500 Server busy', '432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded'],
  RCPT: ['450 4.2.1 Try again later', '452 4.5.3 Too many recipients', '421 4.4.2 Connection timed out'],
  DATA: ['451 4.3.0 Try again later'],
  BDAT: ['451 4.3.0 Try again later'],
  end: ['451 4.7.0 Temporary server error. Please try again later. PRX5', '421 4.3.2 Service not available', '554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException'],
};

/** Each place with each kind, but few kills: each costs a start. */
function everything() {
  const all = [];
  for (const place of places) {
    for (const kind of ['cut', 'reset']) if (place !== 'half' || kind === 'cut') all.push({ place, kind });
    for (const words of refusals[place] ?? []) all.push({ place, kind: 'refuse', words });
  }
  for (const place of ['MAIL', 'body', 'end', 'stored', 'half', 'answered']) all.push({ place, kind: 'kill' });
  return all;
}

scenario(`at least ${runs} replies through strikes at every place of the protocol are delivered once each`, { limit: 180_000 + runs * 400 }, async ({ keep, t }) => {
  t.diagnostic(`SEED=${seed} RUNS=${runs} ACCOUNTS=${accounts}`);
  const its = seeded(seed)('strikes');
  const { folder, remove } = scratchFolder('certificates');
  await keep({ stop: remove });
  const certificates = makeCertificates(folder);
  const users = Array.from({ length: accounts }, (_, at) => `agent${at}@contoso.test`);
  const chunks = (user) => users.indexOf(user) % 2 === 0;

  // What is still to be struck, of each account: one at a time, as soon as the protocol comes there.
  const plan = new Map(users.map((user) => [user, []]));
  const reaches = (user, place) => place !== (chunks(user) ? 'DATA' : 'BDAT');
  const add = (user, what) => { if (reaches(user, what.place)) plan.get(user).push(what); };
  for (const what of everything()) add(its.pick(users.filter((user) => reaches(user, what.place))), what);
  const struck = {};
  let server;
  const submission = await keep(startSubmission({
    certificates,
    users,
    kill: () => server.child.kill('SIGKILL'),
    strike: (user, place) => {
      const [next] = plan.get(user);
      if (next?.place !== place) return undefined;
      plan.get(user).shift();
      struck[`${next.kind} at ${place}`] = (struck[`${next.kind} at ${place}`] ?? 0) + 1;
      return next;
    },
  }));
  server = await keep(startServer({ anchors: [certificates.anchor], store: 'sqlite' }));
  await server.command('settings', 'set', 'external-url', server.url);
  await server.command('settings', 'set', 'doubt-delays', '20ms,100ms,300ms');
  await server.command('department', 'add', 'Customer care');
  for (const [at, user] of users.entries()) {
    await server.api('accounts', { name: `a${at}`, department: 'Customer care', access: 'password', user, password: 'horse', imap_host: submission.imap, smtp_host: submission.smtp(user) });
    await server.api('mailboxes', { address: user, account: `a${at}`, after: 'leave' });
  }

  const queued = new Map();  // every mail that was answered for, with what is known of it
  let asked = 0;
  const write = async (user) => {
    const size = its.chance(0.1) ? its.between(260_000, 600_000) : its.magnitude(10, 5_000);
    const mail = await server.api('messages', { mailbox: user, to: ['customer@example.com'], subject: `Mail ${++asked}`, text: 'Words. '.repeat(size / 7 + 1), sign: false });
    queued.set(mail.id, mail);
  };
  const open = () => [...queued.values()].filter((each) => each.state !== 'sent');
  let decided = 0;
  const look = async () => {
    for (const each of open()) {
      const now = await server.api(`outbound/${each.id}`);
      queued.set(each.id, now);
      if (now.state === 'in-doubt' && !now.next_try) {
        // Sent Items told that it is not there; a person finds that this is the truth.
        assert.equal(submission.delivered.get(now.message_id) ?? 0, 0, `${now.id} is in doubt (${now.reason}), and was delivered`);
        await server.api(`outbound/${now.id}/resolution`, { as: 'resend' });
        ++decided;
      }
      assert.ok(!['failed', 'cancelled'].includes(now.state), `${now.id} is ${now.state}: ${now.reason}`);
    }
    return open().length === 0;
  };
  let starts = 0;
  // Its clock goes on meanwhile: nobody waits for what was put off.
  const beginAgain = async () => {
    for (;;) {
      await server.kill();
      const later = "UPDATE outbound SET next_try = 1 WHERE next_try > 0 AND state IN ('queued', 'in-doubt'); UPDATE sending_pause SET until = 0, fewer_until = 0;";
      execFileSync('sqlite3', [path.join(server.folder, 'store/postroom.db'), later]);
      await server.begin();
      ++starts;
      if (server.child.signalCode === null) return;
    }
  };

  const began = Date.now();
  const left = () => [...plan.values()].reduce((sum, each) => sum + each.length, 0);
  while (queued.size < runs || open().length > 0 || left() > 0) {
    try {
      // Two or three for each: the next one's envelope goes with the end of the one before.
      const busy = new Set(open().map((each) => each.mailbox));
      for (const user of users) {
        if (busy.has(user)) continue;
        if (queued.size < runs && plan.get(user).length === 0) {
          const place = its.pick(places);
          const kind = its.weighted({ cut: 4, reset: 3, refuse: refusals[place] ? 3 : 0, kill: 0.3 });
          // A server that has enough refuses one after another.
          for (let times = kind === 'refuse' && its.chance(0.3) ? 6 : 1; times > 0; --times) add(user, { place, kind, words: refusals[place] && its.pick(refusals[place]) });
        }
        if (queued.size < runs || plan.get(user).length > 0) for (let more = its.between(2, 3); more > 0; --more) await write(user);
      }
      const until = Date.now() + (its.chance(0.2) ? its.between(0, 400) : 1_000);
      while (Date.now() < until && server.child.signalCode === null && !await look()) await delay(30);
    } catch (error) {
      await Promise.race([server.child.ended, delay(500)]);
      if (server.child.signalCode === null) throw error;
    }
    if (server.child.signalCode !== null || open().length > 0 || left() > 0) await beginAgain();
    assert.ok(Date.now() - began < 120_000 + runs * 300, `${open().length} replies are open, for example ${JSON.stringify(open()[0])}; ${left()} strikes are left: ${JSON.stringify([...plan].filter(([, each]) => each.length))}; ${server.log().slice(-2_000)}`);
  }
  const seconds = Math.round((Date.now() - began) / 1_000);
  const strikes = Object.values(struck).reduce((sum, each) => sum + each, 0);
  t.diagnostic(`${queued.size} replies, ${strikes} strikes at ${Object.keys(struck).length} kinds of places, ${starts} kills, in ${seconds} s; people decided ${decided} times; ${[...queued.values()].filter((each) => /found in Sent Items/.test(each.reason)).length} were found in Sent Items`);

  await delay(300);  // what is too many would come now
  const wrong = [...queued.values()].filter((each) => submission.delivered.get(each.message_id) !== 1);
  assert.deepEqual(wrong.map((each) => `${each.message_id}: ${submission.delivered.get(each.message_id)}`), [], 'delivered once');
  assert.deepEqual([...submission.delivered].filter(([, times]) => times !== 1), [], 'nothing twice, not even what was not answered for');
  for (const { place, kind } of everything()) assert.ok(struck[`${kind} at ${place}`] > 0, `${kind} at ${place}`);
});

scenario('two servers share the connections of a mailbox, and take one less where its server says that there are too many', { limit: 120_000 }, async ({ keep }) => {
  const { folder, remove } = scratchFolder('certificates');
  await keep({ stop: remove });
  const certificates = makeCertificates(folder);
  const user = 'sales@contoso.test';
  const submission = await keep(startSubmission({ certificates, users: [user], most: 3, pause: 150 }));
  const one = await keep(startServer({ anchors: [certificates.anchor], store: 'postgresql' }));
  const other = await keep(startServer({ anchors: [certificates.anchor], store: 'postgresql', beside: one }));
  await one.command('settings', 'set', 'external-url', one.url);
  await one.command('department', 'add', 'Customer care');
  await one.api('accounts', { name: 'sales', department: 'Customer care', access: 'password', user, password: 'horse', imap_host: submission.imap, smtp_host: submission.smtp(user) });
  await one.api('mailboxes', { address: user, account: 'sales', after: 'leave' });
  const servers = [one, other];
  let asked = 0;
  const send = async (count) => {
    const mails = await Promise.all(Array.from({ length: count }, () => servers[++asked % 2].api('messages', { mailbox: user, to: ['customer@example.com'], subject: `Mail ${asked}`, text: 'Hello.' })));
    await until('all sent', async () => {
      for (const each of mails) if ((await one.api(`outbound/${each.id}`)).state !== 'sent') return false;
      return true;
    }, { limit: 60_000 });
    for (const each of mails) assert.equal(submission.delivered.get(each.message_id), 1);
  };

  await one.api('accounts/sales/sending', { connections: 3 }, 'PUT');
  await send(60);
  assert.equal(submission.most.get(user), 3, 'all that there may be, and no more');
  assert.equal(submission.state.refused, 0);

  // Somebody allowed one more than the server does.
  await one.api('accounts/sales/sending', { connections: 4 }, 'PUT');
  // Whether a fourth is ever needed, chance has a say in.
  for (let round = 0; round < 8 && submission.state.refused === 0; ++round) await send(60);
  assert.ok(submission.state.refused > 0);
  assert.equal(submission.most.get(user), 3);
  assert.deepEqual([...submission.delivered].filter(([, times]) => times !== 1), []);
  const { refused } = submission.state;
  await send(30);
  assert.equal(submission.state.refused, refused, 'it keeps to three');
});

scenario('PostgreSQL falls while a mail is being answered, and is away for a while: the answer is noted, and nothing is in doubt', { limit: 120_000 }, async ({ keep }) => {
  const { folder, remove } = scratchFolder('certificates');
  await keep({ stop: remove });
  const certificates = makeCertificates(folder);
  const user = 'sales@contoso.test';
  let server;
  let ended;
  const submission = await keep(startSubmission({
    certificates,
    users: [user],
    pause: 1_000,  // in which it falls
    strike: (at, place) => { if (place === 'stored') ended ??= server.database.end(); },
  }));
  submission.state.kept = false;  // so that no look into Sent Items settles it
  server = await keep(startServer({ anchors: [certificates.anchor], store: 'postgresql' }));
  await server.command('settings', 'set', 'external-url', server.url);
  await server.command('department', 'add', 'Customer care');
  await server.api('accounts', { name: 'sales', department: 'Customer care', access: 'password', user, password: 'horse', imap_host: submission.imap, smtp_host: submission.smtp(user) });
  await server.api('mailboxes', { address: user, account: 'sales', after: 'leave' });
  const mail = await server.api('messages', { mailbox: user, to: ['customer@example.com'], subject: 'Mail', text: 'Words.' });
  await until('its being taken', () => ended !== undefined);
  await ended;
  await until('the answer waiting', () => /noted again in a moment/.test(server.log()));
  await delay(away);
  await server.database.begin();
  const sent = await server.sent(mail.id, { limit: 60_000 });
  assert.match(sent.reason, /250 2\.0\.0 OK/);
  assert.doesNotMatch(server.log(), /in doubt/);
  // Each of the server's connections comes back by itself.
  const next = await until('the store taking another one', () => server.api('messages', { mailbox: user, to: ['customer@example.com'], subject: 'Another', text: 'Words.' }));
  await server.sent(next.id);
  for (const each of [mail, next]) assert.equal(submission.delivered.get(each.message_id), 1);
});
