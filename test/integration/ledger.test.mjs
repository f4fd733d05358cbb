// The ledger beside its server, Debian's Dovecot with the lab's tokens: what is on one side only is told, and every mail is a case once,
// wherever its mailbox moved and however its server shows it.
import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeCertificates } from '../support/certificates.mjs';
import { putMail, startDovecot } from '../support/dovecot.mjs';
import { addAccount, authorize, run, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { startOwnImapServer } from '../support/own-imap-server.mjs';
import { delay, freePort, scratchFolder, until } from '../support/scratch.mjs';

const [sales, support, alex] = ['sales@contoso.test', 'support@contoso.test', 'alex@contoso.test'];

const mail = (subject, { date = 'Sun, 01 Nov 2026 10:00:00 +0000', more = '', body = subject } = {}) => `From: customer@example.com\r\nTo: ${sales}\r
Subject: ${subject}\r\nMessage-ID: <${subject.replace(/\W/g, '-')}@example.com>\r\nDate: ${date}\r\n${more}\r\n${body}\r\n`;

async function openHouse(keep) {
  const { folder, remove } = scratchFolder('certificates');
  await keep({ stop: remove });
  const certificates = makeCertificates(folder);
  const lab = await keep(startLab());
  const anotherDovecot = () => keep(startDovecot({ certificates, introspection: lab.introspection, pop3: true }));
  const dovecot = await anotherDovecot();
  const server = await keep(startServer({ anchors: [lab.facts.anchor, certificates.anchor] }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  let number = 0;
  const put = (address, raw, at = dovecot) => at.fill(address, (home) => putMail(home, `cur/${1_000 + ++number}.put:2,`, raw));
  return {
    lab, dovecot, server, anotherDovecot, put,
    files: (address, change, at = dovecot) => at.fill(address, (home) => change(path.join(home, 'cur'), home)),
    async add(user, more = {}) {
      const at = more.at ?? dovecot;
      const over = more.pop3 ? { pop3: `localhost:${at.ports.pop3s}` } : { imap: `localhost:${at.ports.imaps}` };
      const name = await addAccount(server, { user, after: 'leave', ...more, ...over, smtp: lab.facts.smtp });
      await server.api(`mailboxes/${user}`, { poll: 5 }, 'PATCH');
      const outcome = await authorize(server, name, user, lab.signIn);
      assert.equal(outcome.state, 'accepted', outcome.reason);
    },
    look: () => run(['retrieve', '--once', '--socket', server.socket]),
    async compare(address, ...more) {
      const ended = await run(['reconcile', address, '--socket', server.socket, '--format', 'json', ...more]);
      assert.ok(ended.code === 0 || ended.code === 1, ended.err);
      assert.ok(ended.out, ended.err);
      const { result } = JSON.parse(ended.out);
      assert.equal(result.agree, ended.code === 0);
      return result;
    },
    ledger: (address, query = '') => server.api(`mailboxes/${address}/ledger?${query}`),
    subjects: async () => (await server.api('cases?limit=200')).items.map((each) => each.subject).sort(),
    async have(...wanted) {
      await until(wanted.join(), async () => {
        await this.look();
        return (await this.subjects()).length >= wanted.length;
      }, { limit: 40_000, pause: 300 });
      assert.deepEqual(await this.subjects(), wanted.sort());
    },
  };
}

scenario('a server and its ledger, over IMAP and POP3', { limit: 180_000 }, async ({ keep }) => {
  const house = await openHouse(keep);
  const { server } = house;
  for (const subject of ['One', 'Two', 'Three']) house.put(sales, mail(subject));
  for (const subject of ['Four', 'Five']) house.put(support, mail(subject));
  await house.add(sales, { after: 'leave' });
  await house.add(support, { pop3: true });
  await house.have('Five', 'Four', 'One', 'Three', 'Two');
  for (const [address, count] of [[sales, 3], [support, 2]]) {
    const result = await house.compare(address, '--bytes');
    assert.ok(result.agree, JSON.stringify(result));
    assert.deepEqual([result.on_server, result.in_ledger, result.bytes.compared], [count, count, count]);
  }

  // A mail went, and the bytes of another changed.
  for (const address of [sales, support]) house.files(address, (folder) => {
    const [first, second] = readdirSync(folder).sort();
    rmSync(path.join(folder, first));
    const before = readFileSync(path.join(folder, second), 'latin1');
    writeFileSync(path.join(folder, second), before.replace(/\r\n\r\n[A-Z]/, '\r\n\r\n#'), 'latin1');
  });
  for (const [address, gone, changed] of [[sales, 'One', 'Two'], [support, 'Four', 'Five']]) {
    await server.end();
    await server.begin();  // so that no session has the old list
    const result = await house.compare(address, '--bytes');
    assert.ok(!result.agree);
    assert.deepEqual([result.only_on_server.count, result.back.count, result.due.count], [0, 0, 0]);
    assert.deepEqual(result.bytes.differing.mails.map((each) => each.subject), [changed]);
    // Over POP3 the retriever may have noticed by itself.
    if (address === sales) assert.deepEqual(result.only_in_ledger.mails.map((each) => each.subject), [gone]);
  }
  // What went is told once, and is gone in the ledger from then on.
  const shown = await run(['reconcile', sales, '--socket', server.socket]);
  assert.equal(shown.code, 0, shown.out + shown.err);
  assert.match(shown.out, /2 on the server, 2 in the ledger[^]*agree\.\n/);

  // Nobody was asked to do anything, and nothing was done.
  assert.equal((await house.subjects()).length, 5);
  assert.equal(house.dovecot.delivered(sales).length, 2);

  // What became of each, page by page.
  const all = (await house.ledger(sales)).items;
  assert.deepEqual(all.map((each) => [each.subject, each.state, each.became, each.gone]).sort(), [
    ['One', 'filed', 'case', true], ['Three', 'filed', 'case', false], ['Two', 'filed', 'case', false]]);
  const pages = [];
  for (let next = ''; next !== null;) {
    const page = await house.ledger(sales, `limit=1${next && `&after=${encodeURIComponent(next)}`}`);
    pages.push(...page.items);
    next = page.next;
  }
  assert.deepEqual(pages, all);
  assert.deepEqual((await house.ledger(sales, 'state=duplicate')).items, []);
  const listed = await run(['mailbox', 'ledger', sales, '--state', 'filed', '--socket', server.socket]);
  assert.match(listed.out, /Three/);
  await assert.rejects(house.ledger(sales, 'state=odd'), /400/);
  await assert.rejects(house.ledger(sales, 'after=1.2'), /400/);

  // Whatever can't be compared is said.
  await house.dovecot.stop();
  const failed = await run(['reconcile', sales, '--socket', server.socket]);
  assert.equal(failed.code, 1);
  assert.match(failed.err, /could not be compared/);
});

scenario('the same mail, rendered anew, at a mailbox that moved, and in two departments', { limit: 180_000 }, async ({ keep }) => {
  const house = await openHouse(keep);
  const { server, dovecot } = house;
  for (const subject of ['One', 'Two']) house.put(sales, mail(subject));
  await house.add(sales);
  await house.have('One', 'Two');

  // The server gives an item other bytes and another number: filed, and people are told.
  house.put(sales, mail('One', { more: 'X-Rendered: anew\r\n' }));
  await until('the one rendered anew', async () => { await house.look(); return (await house.ledger(sales, 'state=possible-duplicate')).items.length === 1; }, { limit: 30_000, pause: 300 });
  const [again] = (await house.ledger(sales, 'state=possible-duplicate')).items;
  const itsCase = await until('its case', async () => {
    const [entry] = (await house.ledger(sales, 'state=possible-duplicate')).items;
    return entry.case !== null && server.api(`cases/${entry.case}`);
  });
  assert.equal(again.state, 'filed');
  assert.ok(itsCase.items.some((each) => each.possible_duplicate), 'the people who answer it see that');

  // The very same bytes under another number are no new mail.
  house.put(sales, mail('Two'));
  await until('a duplicate', async () => { await house.look(); return (await server.mailbox(sales)).counts.duplicate === 1; }, { limit: 30_000, pause: 300 });
  const [duplicate] = (await house.ledger(sales, 'state=duplicate')).items;
  assert.equal(duplicate.case, (await server.api('cases?limit=200')).items.find((each) => each.subject === 'Two').number, 'it says of which');
  const before = await house.subjects();

  // Another mailbox, of another department, has one of them: two activities, one body.
  await server.command('department', 'add', 'Returns');
  await server.command('account', 'add', 'support', '--department', 'Returns', '--application', 'provider', '--user', support,
    '--imap-host', `localhost:${dovecot.ports.imaps}`, '--smtp-host', house.lab.facts.smtp);
  await server.command('mailbox', 'add', support, '--account', 'support', '--baseline', 'all', '--after', 'leave');
  house.put(support, mail('Two'));
  assert.equal((await authorize(server, 'support', support, house.lab.signIn)).state, 'accepted');
  await until('a second case', async () => { await house.look(); return (await house.subjects()).length === before.length + 1; }, { limit: 30_000, pause: 300 });
  const both = (await server.api('cases?limit=200')).items.filter((each) => each.subject === 'Two');
  assert.deepEqual(both.map((each) => each.department).sort(), ['Customer care', 'Returns']);
  const bodies = await run(['store', 'check', '--config', server.file]);
  assert.equal(bodies.code, 0, bodies.err + bodies.out);
  assert.match(bodies.out, /3 bodies read, sound/, 'One, One as rendered anew, and Two');

  // The mailbox moves: another server, address and account; the same bytes, all of them new there.
  const other = await house.anotherDovecot();
  other.fill(alex, (home) => {
    dovecot.fill(sales, (old) => { for (const name of readdirSync(path.join(old, 'cur'))) cpSync(path.join(old, 'cur', name), path.join(home, 'cur', name)); });
  });
  const removed = await run(['mailbox', 'remove', sales, '--socket', server.socket]);
  assert.equal(removed.code, 0, removed.err);
  await house.add(alex, { at: other });
  await until('all of it compared', async () => { await house.look(); return (await server.mailbox(alex)).counts.duplicate === 4; }, { limit: 30_000, pause: 300 });
  house.put(alex, mail('Three'), other);
  await until('what is new', async () => { await house.look(); return (await house.subjects()).includes('Three'); }, { limit: 30_000, pause: 300 });
  assert.deepEqual(await house.subjects(), [...before, 'Two', 'Three'].sort(), 'nothing of the old came again');
  assert.ok((await house.compare(alex, '--bytes')).agree);

  // Its account is given another server: nobody says that a folder was made anew.
  await server.command('settings', 'set', 'unexpected-mails', '1');
  for (const subject of ['Four', 'Five']) house.put(alex, mail(subject));
  const [was, is] = [other, dovecot].map((each) => `localhost:${each.ports.imaps}`);
  await server.api('accounts/alex', { imap_host: is }, 'PATCH');
  const stopped = await until('it being stopped', async () => { await house.look(); const now = await server.mailbox(alex); return now.state === 'stopped' && now; }, { limit: 30_000, pause: 200 });
  assert.match(stopped.state_reason, new RegExp(`^the account alex has another server: ${is} instead of ${was}, and 2 mails in it look new.*mailbox resume`));
  await server.command('mailbox', 'resume', alex);
  await house.have(...before, 'Two', 'Three', 'Four', 'Five');
  assert.ok((await house.compare(alex)).agree);
});

scenario('a POP3 maildrop that was reset', { limit: 150_000 }, async ({ keep }) => {
  const house = await openHouse(keep);
  const { server, dovecot } = house;
  await server.command('settings', 'set', 'unexpected-mails', '2');
  for (const subject of ['One', 'Two', 'Three']) house.put(support, mail(subject));
  await house.add(support, { pop3: true });
  await house.have('One', 'Three', 'Two');
  const stands = (state) => until(`it being ${state}`, async () => {
    await house.look();
    const now = await server.mailbox(support);
    return now.state === state && now;
  }, { limit: 30_000, pause: 200 });
  const reset = async () => {
    await delay(1_100);  // UIDVALIDITY is of the second, and unique ids are made of it
    dovecot.makeAnew(support);
  };

  // Everything has another id, and is old: somebody is asked, over a restart, too.
  await reset();
  house.put(support, mail('Four', { date: new Date().toUTCString() }));
  const stopped = await stands('stopped');
  assert.match(stopped.state_reason, /none of the 3 mails .*`postroom mailbox resume support@contoso\.test`/);
  await server.end();
  await server.begin();
  await stands('stopped');
  assert.deepEqual(await house.subjects(), ['One', 'Three', 'Two']);
  const compared = await house.compare(support);
  assert.deepEqual([compared.only_on_server.count, compared.only_in_ledger.count], [4, 3]);

  // Filed: what was filed before is known by its bytes.
  await server.command('mailbox', 'resume', support);
  await house.have('Four', 'One', 'Three', 'Two');
  await until('the duplicates being counted', async () => (await server.mailbox(support)).counts.duplicate === 3);

  // Or skipped; what comes later is filed.
  await reset();
  await stands('stopped');
  await server.command('mailbox', 'resume', support, '--skip');
  await stands('idle');
  await delay(1_100);
  house.put(support, mail('Five', { date: new Date().toUTCString() }));
  await house.have('Five', 'Four', 'One', 'Three', 'Two');

  // Where it is no more than expected it goes on; and so it does where all of the old was taken away, and much that is new came.
  house.files(support, (folder) => { for (const name of readdirSync(folder)) rmSync(path.join(folder, name)); });
  const late = ['Six', 'Seven', 'Eight', 'Nine'];
  for (const subject of late) house.put(support, mail(subject, { date: new Date().toUTCString() }));
  await house.have('Five', 'Four', 'One', 'Three', 'Two', ...late);
  await server.idle(support);
});

scenario('mail that a server shows late', { limit: 90_000 }, async ({ keep }) => {
  const lab = await keep(startLab());
  const server = await keep(startServer({ anchors: [lab.facts.anchor] }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  await addAccount(server, { user: sales, imap: lab.facts.imap, smtp: lab.facts.smtp, after: 'leave' });
  assert.equal((await authorize(server, 'sales', sales, lab.signIn)).state, 'accepted');
  await server.idle(sales);
  // The list has not got the newest for a while.
  await lab.api('faults', { id: 'imap-late-mail' });
  await lab.mail(sales, mail('Late'));
  const cases = async () => (await server.api('cases?limit=200')).items.map((each) => each.subject).sort();
  for (let i = 0; i < 2; ++i) await run(['retrieve', '--once', '--socket', server.socket]);
  assert.deepEqual(await cases(), []);
  await lab.mail(sales, mail('Later'));
  await until('the late one', async () => {
    await run(['retrieve', '--once', '--socket', server.socket]);
    return (await cases()).length === 1;
  }, { limit: 60_000, pause: 500 });
  await lab.api('faults', undefined, 'DELETE');
  for (let i = 0; i < 3; ++i) await run(['retrieve', '--once', '--socket', server.socket]);
  await until('both', async () => (await cases()).length === 2);
  assert.deepEqual(await cases(), ['Late', 'Later']);
  const entries = async () => (await server.api(`mailboxes/${sales}/ledger`)).items;
  assert.deepEqual((await entries()).map((each) => each.became), ['case', 'case']);

  // One that was filed is hidden for a while: it is gone, and there again, and filed once.
  const compare = async () => JSON.parse((await run(['reconcile', sales, '--socket', server.socket, '--format', 'json'])).out).result;
  await lab.api('faults', { id: 'imap-late-mail', value: String((await entries())[0].uid) });
  assert.equal((await compare()).only_in_ledger.count, 1);
  assert.deepEqual((await entries()).map((each) => each.gone), [true, false]);
  await lab.api('faults', undefined, 'DELETE');
  assert.equal((await compare()).back.count, 1);
  assert.deepEqual((await entries()).map((each) => [each.gone, each.became]), [[false, 'case'], [false, 'case']]);
  assert.ok((await compare()).agree);
  assert.deepEqual(await cases(), ['Late', 'Later']);
});

scenario('mail that went from the server, and comes back', { limit: 90_000 }, async ({ keep }) => {
  const { folder, remove } = scratchFolder('own-imap');
  await keep({ stop: remove });
  const certificates = makeCertificates(folder);
  const mails = new Map(['One', 'Two', 'Three'].map((subject, i) => [i + 1, { raw: mail(subject) }]));
  const own = await keep(startOwnImapServer({ certificates, mails }));
  const server = await keep(startServer({ anchors: [certificates.anchor] }));
  await server.command('settings', 'set', 'external-url', server.url);
  await server.command('department', 'add', 'Customer care');
  await server.command('account', 'add', 'sales', '--department', 'Customer care', '--access', 'password', '--user', sales,
    '--password-file', '-', '--imap-host', own.endpoint, '--smtp-host', `localhost:${await freePort()}`, { input: 'right\n' });
  await server.command('mailbox', 'add', sales, '--account', 'sales', '--baseline', 'all', '--after', 'leave');
  for (const subject of ['One', 'Two', 'Three']) await server.caseAbout(subject);
  const compare = async () => JSON.parse((await run(['reconcile', sales, '--socket', server.socket, '--format', 'json'])).out).result;
  const gone = async () => (await server.api(`mailboxes/${sales}/ledger`)).items.filter((each) => each.gone).map((each) => each.subject);
  // A list that has not got it, while the server counts it, takes nothing away.
  const two = mails.get(2);
  two.unlisted = true;
  for (let i = 0; i < 2; ++i) assert.equal((await compare()).only_in_ledger.count, 1);
  assert.deepEqual(await gone(), []);
  delete two.unlisted;
  mails.delete(2);
  const missing = await compare();
  assert.deepEqual(missing.only_in_ledger.mails.map((each) => each.uid), [2]);
  assert.deepEqual(await gone(), ['Two']);
  assert.ok((await compare()).agree, 'it is told once');
  mails.set(2, two);
  const back = await compare();
  assert.deepEqual(back.back.mails.map((each) => each.uid), [2]);
  assert.deepEqual(await gone(), []);
  assert.ok((await compare()).agree);
  await run(['retrieve', '--once', '--socket', server.socket]);
  assert.equal((await server.mailbox(sales)).counts.filed, 3);
  assert.equal(own.asked.get(2), 1, 'and is not retrieved again');
});
