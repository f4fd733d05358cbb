// Retrieval over POP3, from the lab (which answers as Exchange Online) and from Debian's Dovecot, whose tokens are the lab's: every mail
// becomes a case once, and what is deleted was filed. SEED=n repeats the instants of the kills as far as a machine does.
//
// Mutation of the program under which it was seen to fail:
//  - retriever/pop3-deletion.cpp, carry_out_and_quit(): note_done() before quit(): mail is retrieved again.
//  - likewise, without confirm(): the mail that has the id of one whose deletion was not confirmed is deleted unfiled.
//  - retriever/pop3-retrieval.cpp, note_gone() forgets at once: a list that was empty for once brings duplicates.
//  - retriever/holdouts.cpp, broke() does nothing: the others are never deleted.
//  - skip_old() asks for what broke a session again: the mails behind a long header never come.
import assert from 'node:assert/strict';
import { makeCertificates } from '../support/certificates.mjs';
import { putMail, startDovecot } from '../support/dovecot.mjs';
import { seeded } from '../support/faults/choices.mjs';
import { authorize, run, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { startOwnPop3Server } from '../support/own-pop3-server.mjs';
import { delay, freePort, scratchFolder, until } from '../support/scratch.mjs';

const sales = 'sales@contoso.test';
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);

const mail = (subject, size = 300, { date = 'Sun, 22 Nov 2026 10:00:00 +0000', header = '' } = {}) => `From: customer@example.com\r\nTo: ${sales}\r\nSubject: ${subject}\r
Message-ID: <${subject.replace(/\W/g, '-')}@example.com>\r\nDate: ${date}\r\n${header}\r
.a line with a dot\r\n..and two\r\n${`${subject} `.repeat(Math.ceil(size / subject.length)).replace(/.{900}/g, '$&\r\n')}\r\n`;

// As Exchange writes it for what it can't convert.
const stub = 'From: "Microsoft Exchange Server 2010" <>\r\nSubject: Retrieval using the IMAP4 protocol failed for the following message: 7\r\n'
  + 'MIME-Version: 1.0\r\n\r\nThe server couldn\'t retrieve the following message:\r\n\r\nSubject: Offer\r\n';

async function openHouse({ keep, lab, pop3, anchors = [], after, baseline = 'all' }) {
  const server = await keep(startServer({ anchors: [lab.facts.anchor, ...anchors] }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  await server.command('account', 'add', 'sales', '--department', 'Customer care', '--application', 'provider', '--user', sales,
    '--retrieval', 'pop3', '--pop3-host', pop3, '--smtp-host', lab.facts.smtp);
  await server.command('mailbox', 'add', sales, '--account', 'sales', '--baseline', baseline, ...(after ? ['--after', after] : []),
    ...(after === 'delete' ? ['--confirm-deletion'] : []));
  await server.api(`mailboxes/${sales}`, { poll: 5 }, 'PATCH');
  const outcome = await authorize(server, 'sales', sales, lab.signIn);
  assert.equal(outcome.state, 'accepted', outcome.reason);
  return server;
}

const look = (server) => server.command('retrieve', '--once');
const subjects = async (server) => (await server.api('cases?limit=200')).items.map((each) => each.subject).sort();
const thereAre = (server, wanted) => until(`${wanted.length} cases`, async () => {
  const now = await subjects(server);
  if (now.length < wanted.length) throw new Error(`${now.length} of ${wanted.length}: ${JSON.stringify(await server.mailbox(sales))}`);
  assert.deepEqual(now, [...wanted].sort());
  return true;
}, { limit: 60_000, pause: 200 });

scenario('POP3 of Exchange Online, as the lab plays it', { limit: 150_000 }, async ({ keep, t }) => {
  const lab = await keep(startLab());
  const server = await openHouse({ keep, lab, pop3: lab.facts.pop3, after: 'delete' });
  const put = [];
  const arrive = async (subject, size) => {
    put.push(subject);
    return lab.mail(sales, mail(subject, size));
  };
  for (let i = 1; i <= 5; ++i) await arrive(`Mail ${i}`, i === 3 ? 700_000 : 300);
  await look(server);
  await thereAre(server, put);
  await until('an empty Inbox', async () => (await lab.folder(sales)).length === 0);
  const [case_] = (await server.api('cases?limit=1')).items;
  const [activity] = (await server.api(`cases/${case_.number}`)).items;
  assert.match(activity.text, /^\.a line with a dot\n\.\.and two/m, 'dots are those of the mail');

  // The connection ends within a mail, again and again: the mails that came are filed once, and the rest come later.
  await lab.api('faults', { id: 'pop3-cut-mail', value: '500', times: 2 });
  for (let i = 6; i <= 9; ++i) await arrive(`Mail ${i}`);
  await thereAre(server, put);

  // Deletions are refused; then QUIT's answer is lost, before anything was deleted and after.
  await until('an empty Inbox', async () => (await lab.folder(sales)).length === 0, { limit: 30_000 });
  for (const id of ['pop3-deletion-refused', 'pop3-lost-before-deleting', 'pop3-lost-after-deleting']) {
    await lab.api('faults', { id, times: id === 'pop3-deletion-refused' ? 12 : 1 });
    await arrive(`Mail with ${id}`);
    await thereAre(server, put);
    let told = false;
    await until(`an empty Inbox after ${id}`, async () => {
      await run(['retrieve', '--once', '--socket', server.socket]);  // fails where the fault plays
      told ||= (await server.api('alarms')).items.some((each) => each.cause === 'after-actions' && each.subject === sales);
      return (await lab.folder(sales)).length === 0;
    }, { limit: 60_000, pause: 500 });
    assert.equal(told, id === 'pop3-deletion-refused', 'what is refused time and again raises an alarm');
    await until('no alarm', async () => (await server.api('alarms')).items.length === 0);
  }

  assert.equal((await server.mailbox(sales)).counts.duplicate, 0, 'a mail whose deletion was not confirmed is not retrieved again');

  // Ids by position are used again as soon as a mail is gone, and are in no order.
  await lab.api('faults', { id: 'pop3-ids-by-position' });
  await lab.api('faults', { id: 'pop3-list-reordered' });
  for (let i = 10; i <= 13; ++i) {
    await arrive(`Mail ${i}`);
    await look(server);
    await thereAre(server, put);
  }
  await until('an empty Inbox', async () => (await lab.folder(sales)).length === 0, { limit: 30_000 });
  // So the next mail has the id of one that the server deleted without saying so.
  await lab.api('faults', { id: 'pop3-lost-after-deleting', times: 1 });
  await arrive('Mail that was deleted');
  await until('an empty Inbox', async () => (await lab.folder(sales)).length === 0, { limit: 30_000, pause: 20 });
  await arrive('Mail with its id');
  await thereAre(server, put);
  await until('an empty Inbox', async () => (await lab.folder(sales)).length === 0, { limit: 30_000 });
  await lab.api('faults', undefined, 'DELETE');

  // One mail that is never given stops none. It is refused before it is there: the next poll may come at any moment.
  const { uid: ahead } = await arrive('Ahead of it');
  await thereAre(server, put);
  await until('an empty Inbox', async () => (await lab.folder(sales)).length === 0);
  await lab.api('faults', { id: 'pop3-retrieval-refused', value: String(ahead + 1) });
  assert.equal((await arrive('Poisoned')).uid, ahead + 1);
  const poisoned = put.pop();
  await arrive('Behind it');
  await look(server);
  await thereAre(server, put);
  for (let i = 0; i < 5; ++i) await look(server);
  assert.equal((await server.mailbox(sales)).counts.unreadable, 0, 'many looks within minutes prove nothing');
  assert.equal((await lab.folder(sales)).length, 1, 'what was not filed is not deleted');
  await lab.api('faults', undefined, 'DELETE');
  put.push(poisoned);
  await look(server);
  await thereAre(server, put);
  await until('an empty Inbox', async () => (await lab.folder(sales)).length === 0, { limit: 30_000 });

  // One that ends the connection each time is set aside, and asked for again when people say so.
  const { uid: before } = await arrive('Before it');
  await thereAre(server, put);
  await until('an empty Inbox', async () => (await lab.folder(sales)).length === 0);
  await lab.api('faults', { id: 'pop3-mail-breaks', value: String(before + 1) });
  assert.equal((await arrive('Breaks')).uid, before + 1);
  put.pop();
  for (const subject of ['Beside it', 'And another']) await arrive(subject);
  await thereAre(server, put);
  const [exception] = await until('an exception', async () => {
    await run(['retrieve', '--once', '--socket', server.socket]);  // fails where the connection ends
    const { items } = await server.api('exceptions');
    return items.length > 0 && items;
  }, { limit: 60_000, pause: 500 });
  assert.equal(exception.tries, 3);
  assert.match(exception.reason, /ended each of the 3 times that this mail was fetched by itself/);
  await until('the others being deleted', async () => (await look(server), (await lab.folder(sales)).length === 1), { limit: 30_000 });
  await lab.api('faults', undefined, 'DELETE');
  await server.api(`exceptions/${exception.id}/retry`, {});
  put.push('Breaks');
  await thereAre(server, put);
  t.diagnostic(`${put.length} mails`);
});

scenario('POP3 leaves mail where nobody said otherwise, and does nothing else to it', { limit: 60_000 }, async ({ keep }) => {
  const lab = await keep(startLab());
  const server = await openHouse({ keep, lab, pop3: lab.facts.pop3 });
  assert.equal((await server.mailbox(sales)).after, 'leave');
  const asked = async (change) => {
    const ended = await server.api(`mailboxes/${sales}`, change, 'PATCH').then(() => '', (error) => error.message);
    return ended;
  };
  assert.match(await asked({ after: 'move' }), /400 .*left or deleted/);
  assert.match(await asked({ after: 'seen' }), /400 .*left or deleted/);
  assert.match(await asked({ folder: 'Archive' }), /400 .*INBOX/);
  await lab.mail(sales, mail('One'));
  await lab.mail(sales, mail('Two'));
  for (let i = 0; i < 3; ++i) await look(server);
  await thereAre(server, ['One', 'Two']);
  assert.equal((await lab.folder(sales)).length, 2);
  // A list without any mail is not believed.
  await lab.api('faults', { id: 'pop3-list-empty', times: 3 });
  for (let i = 0; i < 5; ++i) await look(server);
  const { counts } = await server.mailbox(sales);
  assert.deepEqual([counts.filed, counts.duplicate], [2, 0]);
  // Where every mail is refused, it is the server.
  await lab.api('faults', { id: 'pop3-retrieval-refused' });
  const more = ['Four', 'Five', 'Six', 'Seven'];
  // Nobody looks before all are there: one that is refused by itself is taken for that mail's trouble.
  await server.end();
  for (const subject of more) await lab.mail(sales, mail(subject));
  await server.begin();
  for (let i = 0; i < 6; ++i) {
    const { out, err } = await run(['retrieve', '--once', '--socket', server.socket]);
    assert.match(out + err, /refused to give mail: -ERR Message is not available/);
  }
  assert.equal((await server.mailbox(sales)).counts.unreadable, 0);
  await lab.api('faults', undefined, 'DELETE');
  await look(server);
  await thereAre(server, ['One', 'Two', ...more]);
  // A refused sign-in shows, and passes.
  await lab.api('faults', { id: 'pop3-sign-in-refused' });
  const refused = await run(['retrieve', '--once', '--socket', server.socket]);
  assert.match(refused.out + refused.err, /Authentication failure: unknown user name or bad password/);
  await lab.api('faults', undefined, 'DELETE');
  await lab.mail(sales, mail('Three'));
  await thereAre(server, ['One', 'Three', 'Two', ...more]);
});

scenario('what a server gives in place of a mail is not filed, and an id that became another mail\'s is a new mail', { limit: 90_000 }, async ({ keep }) => {
  const { folder, remove } = scratchFolder('own-pop3');
  await keep({ stop: remove });
  const certificates = makeCertificates(folder);
  const one = (subject, more = 0) => ({ id: `id-${subject.replace(/\W/g, '-')}`, raw: mail(subject, 300 + more) });
  const kept = [{ id: 'stub', raw: stub }, { id: 'empty', raw: '' }];
  const own = await keep(startOwnPop3Server({ certificates, mails: [one('First'), ...kept, one('Last')] }));
  const server = await keep(startServer({ anchors: [certificates.anchor] }));
  await server.command('settings', 'set', 'external-url', server.url);
  await server.command('department', 'add', 'Customer care');
  await server.command('account', 'add', 'sales', '--department', 'Customer care', '--access', 'password', '--user', sales,
    '--password-file', '-', '--retrieval', 'pop3', '--pop3-host', own.endpoint, '--smtp-host', `localhost:${await freePort()}`, { input: 'right\n' });
  await server.command('mailbox', 'add', sales, '--account', 'sales', '--baseline', 'all', '--after', 'delete', '--confirm-deletion');
  await thereAre(server, ['First', 'Last']);
  const exceptions = await until('both being set aside', async () => {
    await look(server);
    const { items } = await server.api('exceptions');
    return items.length === 2 && items;
  }, { limit: 30_000 });
  assert.deepEqual(exceptions.map((each) => each.reason.replace(/,.*/, '')).sort(), [
    'the server gives text of its own in place of this mail', 'the server lists this mail and gives no data for it']);
  assert.deepEqual(own.mails, kept, 'what was not filed is not deleted');

  // Ids are places in the list. A mail goes and another comes between two looks, so that no id is new, and none is missing.
  await server.api(`mailboxes/${sales}`, { after: 'leave', poll: 3_600 }, 'PATCH');
  await look(server);  // none is under way that has listed the earlier ones
  own.byPosition = true;
  own.mails.splice(0, 2, one('A', 10), one('B', 200), one('C', 30));
  const put = ['First', 'Last', 'A', 'B', 'C'];
  await until('three mails that stay', async () => (await look(server), (await subjects(server)).length === 5));
  const replace = async (...more) => {
    own.mails.splice(0, more.length);
    for (const [subject, size] of more) own.mails.push((put.push(subject), one(subject, size)));
    await look(server);
    await thereAre(server, put);
  };
  await replace(['D', 77]);
  // So it is over a restart.
  await server.end();
  own.mails.splice(0, 1);
  put.push('E');
  own.mails.push(one('E', 500));
  await server.begin();
  await look(server);
  await thereAre(server, put);
  const { headers } = own;
  for (let i = 0; i < 3; ++i) await look(server);
  assert.equal(own.headers, headers, 'what stays as it is costs nothing');
  assert.ok([...own.asked.values()].every((times) => times <= 4), 'nothing is retrieved again and again');
  await thereAre(server, put);
});

scenario('a header without end among many mails, old and new', { limit: 60_000 }, async ({ keep }) => {
  const lab = await keep(startLab());
  const today = new Date().toUTCString().replace('GMT', '+0000');
  await lab.mail(sales, mail('Endless', 300, { date: today, header: `X-Long: ${'x'.repeat(70)}\r\n`.repeat(8_000) }));
  const put = ['Endless'];
  for (let i = 1; i <= 25; ++i) {
    const old = i % 5 === 0;
    if (!old) put.push(`Mail ${i}`);
    await lab.mail(sales, mail(`Mail ${i}`, 300, { date: old ? 'Wed, 22 Jan 2020 10:00:00 +0000' : today }));
  }
  const server = await openHouse({ keep, lab, pop3: lab.facts.pop3, baseline: '7d' });
  await thereAre(server, put);
  const { counts } = await server.mailbox(sales);
  assert.deepEqual([counts.filed, counts.skipped], [21, 5]);
});

scenario('killed while it retrieves from and deletes at Dovecot', { limit: 200_000 }, async ({ keep, t }) => {
  t.diagnostic(`SEED=${seed}`);
  const random = seeded(seed)('kills').fraction;
  const { folder, remove } = scratchFolder('certificates');
  await keep({ stop: remove });
  const certificates = makeCertificates(folder);
  const lab = await keep(startLab());
  const dovecot = await keep(startDovecot({ certificates, introspection: lab.introspection, pop3: true }));
  const put = [];
  const arrive = (count) => dovecot.fill(sales, (home) => {
    for (let i = 0; i < count; ++i) {
      const subject = `Mail ${put.length + 1}`;
      put.push(subject);
      putMail(home, `cur/${Date.now()}.${put.length}.pop3:2,`, mail(subject, random() < 0.1 ? 600_000 : 100 + random() * 20_000));
    }
  });
  arrive(10);
  const server = await openHouse({
    keep, lab, pop3: `localhost:${dovecot.ports.pop3s}`, anchors: [certificates.anchor], after: 'delete',
  });
  await thereAre(server, put);
  for (let round = 0; round < 6; ++round) {
    arrive(8);
    await delay(random() * 400);
    await server.kill();
    server.launch();
    await delay(300 + random() * 1_500);
    await server.kill();
    await server.begin();
  }
  const setAside = async () => {
    for (const each of (await server.api('exceptions')).items) await server.api(`exceptions/${each.id}/retry`, {});
  };
  await until('every mail as a case', async () => {
    await setAside();
    return (await subjects(server)).length >= put.length;
  }, { limit: 60_000, pause: 250 });
  await delay(1_000);  // a mail too many would come now
  await thereAre(server, put);
  await until('nothing on the server', () => dovecot.delivered(sales).length === 0, { limit: 30_000 });
});
