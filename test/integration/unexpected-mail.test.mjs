// A folder that was made anew on its server shows all its mail under new UIDs: what was filed is known, what is older than the baseline
// stays skipped, and where there is more than expected nothing happens before somebody has decided.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { makeCertificates } from '../support/certificates.mjs';
import { authorize, run, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { startMailServers } from '../support/mail-house.mjs';
import { delay, scratchFolder, until } from '../support/scratch.mjs';

const sales = 'sales@contoso.test';
const support = 'support@contoso.test';
const mail = (to, subject) => `From: customer@example.com\r\nTo: ${to}\r\nSubject: ${subject}\r
Message-ID: <${subject.replace(/\W/g, '-')}@example.com>\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n\r\n${subject}\r\n`;

scenario('a mailbox that was made anew on its server', { limit: 150_000 }, async ({ keep }) => {
  const { folder, remove } = scratchFolder('certificates');
  await keep({ stop: remove });
  const certificates = makeCertificates(folder);
  const lab = await keep(startLab());
  const servers = await startMailServers({ keep, certificates, introspection: lab.introspection });
  const server = await keep(startServer({ anchors: [lab.facts.anchor, certificates.anchor] }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  await server.command('settings', 'set', 'unexpected-mails', '3');

  const subjects = async () => (await server.api('cases?limit=200')).items.map((each) => each.subject).sort();
  const arrive = (to, ...names) => Promise.all(names.map((subject) => servers.customerWrites(to, mail(to, subject))));
  const look = () => run(['retrieve', '--once', '--socket', server.socket]);
  const have = (...wanted) => until(wanted.join(), async () => {
    await look();
    const now = await subjects();
    return now.length >= wanted.length && (assert.deepEqual(now, wanted.sort()), true);
  }, { limit: 30_000, pause: 300 });
  // The session that there is ends, as what it had open is gone.
  const makeAnew = async (...addresses) => {
    await delay(1_100);  // Dovecot makes UIDVALIDITY of the second
    for (const each of addresses) servers.dovecot.makeAnew(each);
    await look();
  };
  const stands = (address, state) => until(`${address} being ${state}`, async () => {
    const now = await server.mailbox(address);
    return now.state === state && now;
  }, { limit: 30_000, pause: 100 });

  // Mail that is older than the baseline, whatever its UID.
  const old = ['Old 1', 'Old 2', 'Old 3', 'Old 4', 'Old 5'];
  await arrive(support, ...old);
  await until('the old mail', () => servers.dovecot.delivered(support).length === old.length);
  await delay(1_100);
  for (const [user, more] of [[sales, { after: 'leave' }], [support, { after: 'leave', baseline: 'now' }]]) {
    const outcome = await authorize(server, await servers.addAccount(server, user, more), user, lab.signIn);
    assert.equal(outcome.state, 'accepted', outcome.reason);
    await server.idle(user);
  }
  await arrive(sales, 'One', 'Two');
  await have('One', 'Two');

  // No more than expected: it goes on by itself.
  await makeAnew(sales, support);
  await arrive(sales, 'Three');
  await arrive(support, 'New');
  await have('New', 'One', 'Three', 'Two');
  assert.equal((await server.mailbox(support)).counts.skipped, 10);

  // More than that: it stops, says why, and stays so over a restart.
  await arrive(sales, 'Four');
  await have('Four', 'New', 'One', 'Three', 'Two');
  await makeAnew(sales);
  await arrive(sales, 'Five');
  await look();
  const stopped = await stands(sales, 'stopped');
  assert.match(stopped.state_reason, /INBOX was made anew on its server \(UIDVALIDITY \d+ is now \d+\), and [45] mails/);
  assert.match(stopped.state_reason, /`postroom mailbox resume sales@contoso\.test`/);
  const asked = await look();
  assert.notEqual(asked.code, 0);
  assert.match(asked.out + asked.err, /made anew/);
  await server.end();
  await server.begin();
  await look();
  await stands(sales, 'stopped');
  assert.deepEqual(await subjects(), ['Four', 'New', 'One', 'Three', 'Two']);

  // Somebody says: file it. What was filed is known by its bytes.
  await server.command('mailbox', 'resume', sales);
  await have('Five', 'Four', 'New', 'One', 'Three', 'Two');
  const after = await stands(sales, 'idle');
  assert.ok(after.counts.duplicate >= 6, JSON.stringify(after.counts));
  await assert.rejects(server.command('mailbox', 'resume', sales), /not stopped/);

  // Or: skip it. What comes after that was said is filed, whenever the retriever looks.
  await makeAnew(sales);
  await arrive(sales, 'Never');
  await stands(sales, 'stopped');
  await delay(1_100);  // INTERNALDATE is told in whole seconds
  // Another server holds the mailbox, so that nobody looks before more mail has come.
  const store = (sql) => execFileSync('sqlite3', ['-cmd', '.timeout 10000', path.join(server.folder, 'store/postroom.db'), sql]);
  store(`UPDATE lease SET owner = 'another', ends = ${Date.now() + 3_600_000} WHERE name LIKE 'mailbox/%'`);
  await server.command('mailbox', 'resume', sales, '--skip');
  const later = ['Later 1', 'Later 2', 'Later 3'];
  const before = servers.dovecot.delivered(sales).length;
  await arrive(sales, ...later);
  await until('the later mail', () => servers.dovecot.delivered(sales).length === before + later.length);
  store("UPDATE lease SET owner = '', ends = 0 WHERE owner = 'another'");
  await have('Five', 'Four', ...later, 'New', 'One', 'Three', 'Two');
  await stands(sales, 'idle');
  await arrive(sales, 'Six');
  await have('Five', 'Four', ...later, 'New', 'One', 'Six', 'Three', 'Two');
});
