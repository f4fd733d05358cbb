// What IMAP servers do that they should not, or need not: none of it loops, loses mail, or becomes a customer's mail. And what is done on the
// server to mail that was filed, when the server refuses it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { addAccount, authorize, run, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { until } from '../support/scratch.mjs';

const sales = 'sales@contoso.test';
const mail = (subject) => `From: customer@example.com\r\nTo: ${sales}\r\nSubject: ${subject}\r
Message-ID: <${subject.replace(/\W/g, '-')}@example.com>\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n\r\n${subject}\r\n`;

async function openHouse(keep, { frontEnd = 0, after = 'leave' } = {}) {
  const lab = await keep(startLab());
  await lab.api('settings', { imap_front_end: frontEnd });
  const server = await keep(startServer({ anchors: [lab.facts.anchor] }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  await addAccount(server, { user: sales, imap: lab.facts.imap, smtp: lab.facts.smtp, after });
  const outcome = await authorize(server, 'sales', sales, lab.signIn);
  assert.equal(outcome.state, 'accepted', outcome.reason);
  await server.idle(sales);
  const off = (id) => lab.api(`faults?id=${id}`, undefined, 'DELETE');
  return {
    lab, server,
    fault: (id, value) => lab.api('faults', { id, ...(value !== undefined && { value }) }),
    off,
    put: async (subject, folder = 'INBOX') => (await lab.api(`mail?mailbox=${sales}&folder=${encodeURIComponent(folder)}`, Buffer.from(mail(subject)))).uid,
    look: () => run(['retrieve', '--once', '--socket', server.socket]),
    subjects: async () => (await server.api('cases?limit=200')).items.map((each) => each.subject).sort(),
    counts: async () => (await server.mailbox(sales)).counts,
  };
}

const having = (house, ...subjects) => until(`cases about ${subjects}`, async () => {
  const now = await house.subjects();
  return now.length >= subjects.length && (assert.deepEqual(now, subjects.sort()), true);
}, { limit: 30_000, pause: 100 });

for (const frontEnd of [0, 1])
  scenario(`responses in any order, and such as nobody asked for, from front end ${frontEnd}`, { limit: 120_000 }, async ({ keep }) => {
    const house = await openHouse(keep, { frontEnd, after: 'seen' });
    await house.fault('imap-chatter');
    await house.fault('imap-shuffled');
    const subjects = Array.from({ length: 30 }, (_, i) => `Mail ${i}`);
    for (const each of subjects) await house.put(each);
    await having(house, ...subjects);
    await until('all being marked', async () => (await house.counts()).due === 0);
    const { imap_bodies: bodies } = await house.lab.api('counters');
    assert.equal(bodies, subjects.length, 'each is fetched once');
    assert.equal((await house.counts()).filed, subjects.length);
    assert.ok((await house.lab.folder(sales)).every((each) => JSON.stringify(each).includes('Seen')));
  });

scenario('mail that the server lists and does not give: the rest flow, and it is no case', { limit: 120_000 }, async ({ keep }) => {
  const house = await openHouse(keep);
  const before = (await house.put('Before'));
  await having(house, 'Before');
  const [empty, peeked, both, passing] = [1, 2, 3, 4].map((each) => before + each);
  await house.fault('imap-fetch-empty', String(empty));
  await house.fault('imap-placeholder', String(peeked));
  await house.fault('imap-placeholder-peek', `${both},${passing}`);
  for (const each of ['Empty', 'Peeked', 'Both', 'Passing']) await house.put(each);
  await house.put('Behind');
  await having(house, 'Before', 'Behind');
  await house.fault('imap-placeholder-peek', String(both));
  await house.look();
  await having(house, 'Before', 'Behind', 'Passing');
  await until('the others being given up', async () => (await house.look(), (await house.counts()).unreadable === 3), { limit: 30_000 });
  const { imap_bodies: bodies } = await house.lab.api('counters');
  for (let i = 0; i < 3; ++i) await house.look();
  assert.equal((await house.lab.api('counters')).imap_bodies, bodies, 'nothing is asked for any more');
  assert.deepEqual(await house.subjects(), ['Before', 'Behind', 'Passing']);
  assert.equal((await house.counts()).filed, 3);
});

const theException = (house) => until('an exception', async () => {
  await house.look();
  const { items } = await house.server.api('exceptions');
  return items.length === 1 && items[0];
}, { limit: 60_000, pause: 500 });
const retry = (house, exception) => house.server.api(`exceptions/${exception.id}/retry`, {});

scenario('mail that the server refuses each time, or gives in an impossible form: the rest flow, and people can ask for it again', { limit: 150_000 }, async ({ keep }) => {
  const house = await openHouse(keep, { after: 'seen' });
  const before = await house.put('Before');
  await having(house, 'Before');
  await house.fault('imap-fetch-refused', String(before + 1));
  for (const each of ['Refused', 'Beside', 'Behind']) await house.put(each);
  await having(house, 'Before', 'Behind', 'Beside');
  const waits = await until('the others being marked, and the mailbox at rest', async () => {
    const now = await house.server.mailbox(sales);
    return now.state === 'idle' && now.counts.due === 0 && now.state_reason && now;
  }, { limit: 30_000 });
  assert.match(waits.state_reason, /^1 mails that the server lists are not retrieved so far: .*refuses to give this mail: NO Server Unavailable\. 15/);
  for (let i = 0; i < 6; ++i) {
    const { code, out } = await house.look();
    assert.equal(code, 0);
    assert.match(out, /1 mails that the server lists are not retrieved so far/);
  }
  assert.equal((await house.counts()).unreadable, 0, 'many looks within minutes prove nothing');
  await house.put('Later');
  await having(house, 'Before', 'Behind', 'Beside', 'Later');

  // It is counted over a restart; a day later it is given up.
  await house.server.end();
  if ((process.env.STORE ?? 'sqlite') === 'sqlite') {
    const store = (sql) => String(execFileSync('sqlite3', [path.join(house.server.folder, 'store/postroom.db'), sql])).trim();
    assert.ok(Number(store('SELECT looks FROM withheld_mail')) >= 7);
    store('UPDATE withheld_mail SET since = since - 86400000');
    await house.server.begin();
    const exception = await theException(house);
    assert.equal(exception.kind, 'not-retrieved');
    assert.ok(exception.tries >= 8, `${exception.tries} tries`);
    assert.match(exception.reason, /refuses to give this mail: NO Server Unavailable\. 15/);
    await until('nothing being said of it', async () => (await house.server.mailbox(sales)).state_reason === '');
    await house.off('imap-fetch-refused');
    for (let i = 0; i < 2; ++i) await house.look();
    await having(house, 'Before', 'Behind', 'Beside', 'Later');
    await retry(house, exception);
  } else {
    await house.server.begin();
    await house.off('imap-fetch-refused');
  }
  await until('it', async () => { await house.look(); return (await house.subjects()).length === 5; }, { limit: 30_000, pause: 300 });

  // What can't be read ends the session each time.
  await house.fault('imap-fetch-garbled', String(before + 5));
  await house.put('Garbled');
  await house.put('Beyond');
  await having(house, 'Before', 'Behind', 'Beside', 'Later', 'Refused', 'Beyond');
  const exception = await theException(house);
  assert.equal(exception.tries, 3);
  await until('the rest being marked', async () => (await house.counts()).due === 0, { limit: 30_000 });
  await house.off('imap-fetch-garbled');
  await retry(house, exception);
  await having(house, 'Before', 'Behind', 'Beside', 'Later', 'Refused', 'Beyond', 'Garbled');
});

scenario('where every mail is refused, it is the server', { limit: 90_000 }, async ({ keep }) => {
  const house = await openHouse(keep);
  await house.fault('imap-fetch-refused');
  const put = ['One', 'Two', 'Three', 'Four'];
  // Nobody looks before all are there: one that is refused by itself is taken for that mail's trouble.
  await house.server.end();
  for (const each of put) await house.put(each);
  await house.server.begin();
  for (let i = 0; i < 6; ++i) {
    const { out, err } = await house.look();
    assert.match(out + err, /refused to give mail: NO Server Unavailable\. 15/);
  }
  assert.equal((await house.counts()).unreadable, 0);
  await house.off('imap-fetch-refused');
  await house.look();
  await having(house, ...put);
});

scenario('mail that is shown late, below what was seen already', { limit: 60_000 }, async ({ keep }) => {
  const house = await openHouse(keep);
  const first = await house.put('First');
  await having(house, 'First');
  await house.fault('imap-late-mail', String(first + 1));
  await house.put('Late');
  await house.look();  // in vain; the mail that comes next is told of by itself
  await house.put('Early');
  await having(house, 'Early', 'First');
  await house.off('imap-late-mail');
  await having(house, 'Early', 'First', 'Late');
});

scenario('after-actions that fail: tried again, told with their number, and done in the end', { limit: 120_000 }, async ({ keep }) => {
  const house = await openHouse(keep, { after: 'move' });
  const first = await house.put('Moved');
  await until('it being moved', async () => (await house.lab.folder(sales, 'Postroom')).length === 1);

  // One that is refused holds up no other.
  await house.fault('imap-changes-refused', String(first + 1));
  await house.put('Stays');
  await house.put('Goes');
  await until('the other being moved', async () => (await house.lab.folder(sales, 'Postroom')).length === 2);
  const raised = () => house.server.api('alarms').then(({ items }) => items.find((each) => each.cause === 'after-actions'));
  const alarm = await until('the alarm', async () => {
    await house.look();
    return raised();
  }, { limit: 30_000 });
  assert.equal(alarm.subject, sales);
  assert.match(alarm.words, /of 1 mails that were filed and are to be moved, 1 can't be.*Server Unavailable\. 15/);
  const stuck = await house.server.mailbox(sales);
  assert.equal(stuck.counts.due, 1);
  assert.equal(stuck.state, 'idle');
  assert.match(stuck.state_reason, /1 mails that were filed are still to be moved/);

  // It survives a kill, and is done once the server lets it.
  await house.server.kill();
  await house.server.begin();
  await house.off('imap-changes-refused');
  await until('all being moved', async () => {
    await house.look();
    return (await house.counts()).due === 0;
  }, { limit: 30_000 });
  await until('the alarm being over', async () => (await raised()) === undefined);
  assert.equal((await house.lab.folder(sales)).length, 0);
  assert.equal((await house.lab.folder(sales, 'Postroom')).length, 3);
  await having(house, 'Goes', 'Moved', 'Stays');
  await until('nothing being said of it', async () => (await house.server.mailbox(sales)).state_reason === '');

  // What is still due follows the setting.
  await house.fault('imap-changes-refused');
  await house.put('Left');
  await until('it being due', async () => (await house.counts()).due === 1);
  await house.server.command('mailbox', 'change', sales, '--after', 'leave');
  await until('nothing being due', async () => (await house.counts()).due === 0);
  assert.equal((await house.lab.folder(sales)).length, 1);
});

scenario('a deletion is confirmed, and folders are found by use and by name', { limit: 120_000 }, async ({ keep }) => {
  const house = await openHouse(keep, { after: 'move' });
  const { command } = house.server;
  const change = (...args) => command('mailbox', 'change', sales, ...args);
  await assert.rejects(change('--after', 'delete'), /has to be confirmed.*--confirm-deletion/);
  assert.equal((await house.server.mailbox(sales)).after, 'move');
  await assert.rejects(change('--folder', 'Postroom'), /would come again/);
  await assert.rejects(change('--folder', '\\Spam'), /no special use \\Spam; there are .*\\Junk/);

  // Exchange marks no folder; this one is known by its name.
  await house.put('In junk', 'Junk Email');
  assert.equal((await change('--folder', '\\junk')).folder, '\\Junk');
  await having(house, 'In junk');
  await until('it being moved', async () => (await house.lab.folder(sales, 'Postroom')).length === 1);

  await change('--folder', 'Junkmail');
  const lost = await until('trouble', async () => {
    const now = await house.server.mailbox(sales);
    return now.state === 'backing-off' && now;
  });
  assert.match(lost.state_reason, /there is no folder "Junkmail" on the server; near it: "Junk Email"/);

  await change('--folder', 'INBOX', '--after', 'delete', '--confirm-deletion');
  await change('--after', 'delete', '--display-name', 'Needs no second word');
  await house.put('Deleted');
  await having(house, 'Deleted', 'In junk');
  await until('it being gone', async () => (await house.lab.folder(sales)).length === 0);
});
