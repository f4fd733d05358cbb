// The main job over Debian's own Dovecot and Postfix: grants through the real code flow, customers' mail in, cases, answers out, the
// customer's answer to the answer. The tokens are the lab's, which Dovecot looks up there (RFC 7662).
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { simpleParser } from 'mailparser';
import { makeCertificates } from '../support/certificates.mjs';
import { addAccount, authorize, run, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { header, startMailServers, text, unreachable } from '../support/mail-house.mjs';
import { startPostfix } from '../support/postfix.mjs';
import { scratchFolder, until } from '../support/scratch.mjs';

const sales = 'sales@contoso.test';
const support = 'support@contoso.test';

async function start({ keep }) {
  const { folder, remove } = scratchFolder('certificates');
  await keep({ stop: remove });
  const certificates = makeCertificates(folder);
  const lab = await keep(startLab());
  const mail = await startMailServers({ keep, certificates, introspection: lab.introspection });
  const server = await keep(startServer({ anchors: [lab.facts.anchor, certificates.anchor] }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  return { certificates, lab, mail, server };
}

const wrapped = (bytes) => bytes.toString('base64').replace(/.{76}/g, '$&\n');

scenario('customers write to two mailboxes, and are answered', { limit: 120_000 }, async ({ keep, t }) => {
  const { lab, mail, server } = await start({ keep });
  for (const user of [sales, support]) {
    const outcome = await authorize(server, await mail.addAccount(server, user), user, lab.signIn);
    assert.equal(outcome.state, 'accepted', outcome.reason);
    assert.equal((await server.api(`accounts/${user.split('@')[0]}`)).grant.user_name, user);
  }
  await server.idle(sales);
  await server.idle(support);

  // IDLE: far sooner than the five minutes after which everything is looked at anyhow.
  const delivered = Date.now();
  await mail.customerWrites(sales, `From: Ann Customer <customer@example.com>
To: ${sales}
Subject: =?UTF-8?B?${Buffer.from('Où est ma commande ?').toString('base64')}?=
Message-ID: <order-1@example.com>
Date: Sun, 22 Nov 2026 09:00:00 +0100
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Bonjour, je n'ai rien reçu. 注文はどこですか。
`);
  const order = await server.caseAbout('Où est ma commande ?', { pause: 20 });
  const took = Date.now() - delivered;
  t.diagnostic(`from the customer's last word to the case: ${took} ms`);
  assert.ok(took < 120_000, `${took} ms are a poll's time, not IDLE's`);
  assert.equal(order.mailbox, sales);
  assert.equal(order.customer, 'customer@example.com');
  assert.equal(order.customer_name, 'Ann Customer');
  assert.match(order.items[0].text, /rien reçu\. 注文はどこですか。/);

  // An attachment, and the bytes of the whole mail as the server has them.
  const attached = randomBytes(300_000);
  await mail.customerWrites(support, `From: =?koi8-r?B?6dfBzg==?= <customer@example.com>
To: ${support}
Subject: =?UTF-8?Q?=D8=B7=D9=84=D8=A8?= broken parts
Message-ID: <parts-1@example.com>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="=cut="

--=cut=
Content-Type: text/html; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

<p>Caf=E9 <b>broken</b></p><script>alert(1)</script>
--=cut=
Content-Type: application/octet-stream; name="parts.bin"
Content-Disposition: attachment; filename="parts.bin"
Content-Transfer-Encoding: base64

${wrapped(attached)}
--=cut=--
`);
  const parts = await server.caseAbout('طلب broken parts');
  const [activity] = parts.items;
  assert.equal(parts.mailbox, support);
  assert.equal(parts.customer_name, 'Иван');
  assert.match(activity.text, /Café broken/);
  assert.equal(activity.attachments.length, 1);
  assert.equal(activity.attachments[0].name, 'parts.bin');
  const part = await server.api(`activities/${activity.id}/parts/${activity.attachments[0].part}`);
  assert.ok(part.equals(attached), 'the attachment is not what was sent');
  const [stored] = await until('the mail in the folder Postroom', () => {
    const moved = mail.dovecot.delivered(support, 'Postroom');
    return moved.length === 1 && mail.dovecot.delivered(support).length === 0 && moved;
  });
  const raw = await server.api(`activities/${activity.id}/raw`);
  // Maildir keeps lines as Unix does; on the wire they end in CRLF.
  assert.equal(raw.toString('latin1'), stored.replace(/\r?\n/g, '\r\n'), 'the bytes are not those on the server');
  const html = (await server.api(`activities/${activity.id}/html`)).toString();
  assert.match(html, /<b>broken<\/b>/);
  assert.doesNotMatch(html, /script|alert/i);

  // Answered by the command, delivered by Postfix, in the customer's thread.
  const queued = await server.command('case', 'reply', String(order.number), '--text', 'Elle arrive demain — 明日です。');
  await server.sent(queued.id);
  const [answer] = await until('the answer at the customer\'s', () => {
    const found = mail.dovecot.delivered('customer@example.com');
    return found.length && found;
  });
  assert.match(header(answer, 'From'), /sales@contoso\.test/);
  assert.match(header(answer, 'To'), /customer@example\.com/);
  assert.equal(header(answer, 'In-Reply-To'), '<order-1@example.com>');
  assert.match(header(answer, 'References'), /<order-1@example\.com>/);
  assert.equal(header(answer, 'Message-ID'), `<${queued.message_id}>`);
  assert.match(text(answer), /明日です/);

  // The customer's answer to that lands in the same case: by References, and by the case token in the subject where a program drops them.
  await mail.customerWrites(sales, `From: customer@example.com
To: ${sales}
Subject: Re: anything else
Message-ID: <order-2@example.com>
In-Reply-To: <${queued.message_id}>

Merci, mais demain je ne suis pas là.
`);
  await mail.customerWrites(sales, `From: customer@example.com
To: ${sales}
Subject: ${header(answer, 'Subject')}
Message-ID: <order-3@example.com>

Plutôt lundi.
`);
  const thread = await until('both in the case', async () => {
    const now = await server.api(`cases/${order.number}`);
    return now.items.length === 4 && now;
  });
  // A server's dates have whole seconds, so the order within one tells nothing.
  assert.deepEqual(thread.items.map((each) => each.kind).sort(), ['received', 'received', 'received', 'sent']);
  assert.equal((await server.api('cases')).items.length, 2);

  // A new mail opens a case.
  const sent = await server.command('send', '--mailbox', support, '--to', 'other@example.com', '--subject', 'Your parts', '--text', 'They left.');
  await server.sent(sent.id);
  const [first] = await until('it at the other customer\'s', () => {
    const found = mail.dovecot.delivered('other@example.com');
    return found.length && found;
  });
  assert.match(header(first, 'From'), /support@contoso\.test/);
  assert.match(header(first, 'Subject'), /Your parts/);
  assert.equal((await server.api(`cases/${sent.case}`)).items[0].kind, 'sent');

  // Nothing was delivered, or filed, twice.
  assert.equal(mail.dovecot.delivered('customer@example.com').length, 1);
  assert.equal(mail.dovecot.delivered('other@example.com').length, 1);
  await until('all being moved', () => mail.dovecot.delivered(sales, 'Postroom').length === 3);
  assert.deepEqual((await server.api('exceptions')).items, []);
});

scenario('whoever signs in as somebody else is refused, and both are named', {}, async ({ keep }) => {
  const lab = await keep(startLab());
  const server = await keep(startServer({ anchors: [lab.facts.anchor] }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  await addAccount(server, { user: sales, imap: lab.facts.imap, smtp: lab.facts.smtp });
  const outcome = await authorize(server, 'sales', 'alex@contoso.test', lab.signIn);
  assert.equal(outcome.state, 'refused');
  assert.match(outcome.reason, /alex@contoso\.test/);
  assert.match(outcome.reason, /sales@contoso\.test/);
  assert.match(outcome.page.text, /alex@contoso\.test/);
  const account = await server.api('accounts/sales');
  assert.equal(account.state, 'new');
  assert.equal(account.grant, null);
  // The right person is let in by the same door.
  assert.equal((await authorize(server, 'sales', sales, lab.signIn)).state, 'accepted');
  // And a grant that works is not lost to a wrong sign-in.
  assert.equal((await authorize(server, 'sales', 'alex@contoso.test', lab.signIn)).state, 'refused');
  assert.equal((await server.api('accounts/sales')).state, 'ready');
});

scenario('answers go to all, with files, a quote and a signature; mail is sent on, and taken back', { limit: 150_000 }, async ({ keep }) => {
  const { certificates, lab, mail, server } = await start({ keep });
  assert.equal((await authorize(server, await mail.addAccount(server, sales), sales, lab.signIn)).state, 'accepted');
  await server.idle(sales);
  await mail.customerWrites(sales, `From: =?utf-8?B?${Buffer.from('佐藤').toString('base64')}?= <customer@example.com>
To: ${sales}, Other <other@example.com>
Subject: =?utf-8?B?${Buffer.from('注文 طلب').toString('base64')}?=
Message-ID: <all-1@example.com>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

どこですか。
`);
  const order = await server.caseAbout('注文 طلب');
  const { department } = order;
  await server.command('sending', 'department', department, '--text', 'Contoso — お客様');
  await server.command('template', 'set', department, 'soon', '--text', 'Dear {{name}}, case {{number}}.');

  const { folder, remove } = scratchFolder('answers');
  await keep({ stop: remove });
  const large = randomBytes(20 * 1024 * 1024);
  const file = path.join(folder, '大きい.bin');
  writeFileSync(file, large);
  const queued = await server.command('case', 'reply', String(order.number), '--template', 'soon', '--all', '--quote', '--attach', file);
  await server.sent(queued.id);
  assert.deepEqual(queued.recipients, ['customer@example.com', 'other@example.com']);
  const [answer] = await until('the answer at the other one', () => {
    const found = mail.dovecot.delivered('other@example.com');
    return found.length && found;
  }, { limit: 30_000 });
  const read = await simpleParser(Buffer.from(answer, 'latin1'));
  assert.equal(read.to.value[0].name, '佐藤');
  assert.equal(read.cc.value[0].address, 'other@example.com');
  assert.match(read.text, new RegExp(`^Dear 佐藤, case ${order.number}\\.\n\n-- \nContoso — お客様\n\nOn .* wrote:\n> どこですか。`));
  assert.equal(read.attachments[0].filename, '大きい.bin');
  assert.ok(read.attachments[0].content.equals(large), 'the attachment is another one');

  const forwarded = await server.command('case', 'forward', String(order.number), '--to', 'other@example.com', '--text', 'Please look.');
  await server.sent(forwarded.id);
  const two = await until('what was sent on', () => {
    const found = mail.dovecot.delivered('other@example.com');
    return found.length === 2 && found;
  });
  const sentOn = await simpleParser(Buffer.from(two.find((each) => /^Subject: .*Fwd/mi.test(each) || !each.includes('boundary')), 'latin1'));
  assert.match(sentOn.text, /Please look\.[^]*Forwarded message[^]*どこですか。/);

  // This server keeps no copies. One that can't be put where sent mail is waits, and a crash does not lose it; nor is it there twice.
  const copies = () => mail.dovecot.delivered(sales, 'Sent');
  assert.equal(copies().length, 0);
  await server.command('sending', 'account', 'sales', '--append-sent', '--sent-folder', 'Nowhere');
  const copied = await server.command('case', 'reply', String(order.number), '--text', 'With a copy.');
  await server.sent(copied.id);
  await until('the copy being refused', () => /can't be put where sent mail is/.test(server.log()));
  await server.kill();
  await server.begin();
  await server.command('sending', 'account', 'sales', '--sent-folder', 'Sent');
  await until('the copy in Sent', () => copies().length === 1);
  assert.equal(header(copies()[0], 'Message-ID'), `<${copied.message_id}>`);
  const another = await server.command('case', 'reply', String(order.number), '--text', 'With another.');
  await until('the next copy', () => copies().some((each) => header(each, 'Message-ID') === `<${another.message_id}>`));
  assert.equal(copies().length, 2);

  // What waits for its time can be taken back, and never leaves.
  const scheduled = await server.command('case', 'reply', String(order.number), '--text', 'Never.', '--send-at', new Date(Date.now() + 3_600_000).toISOString());
  assert.equal(scheduled.state, 'queued');
  assert.equal((await server.command('outbound', 'cancel', scheduled.id)).state, 'cancelled');
  const undone = await server.command('case', 'reply', String(order.number), '--text', 'Nor this.', '--undo');
  assert.ok(Date.parse(undone.next_try) > Date.parse(undone.created));
  assert.equal((await server.command('outbound', 'cancel', undone.id)).state, 'cancelled');

  // What is larger than the server takes comes back at once, with words that help; what is not goes out behind it.
  const small = await keep(startPostfix({ certificates, dovecot: mail.dovecot, domains: ['contoso.test', 'example.com'], settings: { message_size_limit: '100000' } }));
  await server.command('account', 'change', 'sales', '--smtp-host', `localhost:${small.ports.submission}`);
  writeFileSync(file, large.subarray(0, 200_000));
  const tooLarge = await server.command('case', 'reply', String(order.number), '--text', 'With a file.', '--attach', file);
  const refused = await until('its being refused', async () => {
    const now = await server.api(`outbound/${tooLarge.id}`);
    return now.state === 'failed' && now;
  });
  assert.match(refused.reason, /^the message has 2\d{5} bytes; the server takes at most 100000$/);
  assert.equal(refused.causes[0].id, 'message-over-size');
  assert.match(refused.causes[0].remedy, /smaller attachments/);
  const fits = await server.command('case', 'reply', String(order.number), '--text', 'Without it.');
  await server.sent(fits.id);
});

scenario('what can\'t be delivered comes back to its mail; a machine that answers acknowledgements is stopped', { limit: 120_000 }, async ({ keep }) => {
  const { lab, mail, server } = await start({ keep });
  assert.equal((await authorize(server, await mail.addAccount(server, sales), sales, lab.signIn)).state, 'accepted');
  await server.idle(sales);
  await mail.customerWrites(sales, `From: customer@example.com\nTo: ${sales}\nSubject: Where is it\nMessage-ID: <where@example.com>\n\nWell?\n`);
  const order = await server.caseAbout('Where is it');

  // Postfix takes both recipients, delivers to one, and reports of the other.
  const queued = await server.command('case', 'reply', String(order.number), '--to', 'customer@example.com', '--cc', unreachable, '--text', 'Here.');
  await server.sent(queued.id);
  const told = await until('the report being tied to its mail', async () => {
    const now = await server.api(`cases/${order.number}`);
    const sent = now.items.find((each) => each.id === queued.activity);
    return sent.outbound.outcomes.length > 0 && { ...now, sent };
  });
  const [outcome] = told.sent.outbound.outcomes;
  assert.deepEqual([told.sent.outbound.state, outcome.address, outcome.state, outcome.meaning], ['sent', unreachable, 'failed', 'no_such_address']);
  assert.match(outcome.words, /^5\.1\.1.*There is no such user/);
  assert.equal(told.sent.outbound.outcomes.length, 1, 'the other one was reached');
  const report = told.items.find((each) => each.kind === 'received' && each.automatic);
  assert.equal(report.reading.report.recipients[0].address, unreachable);
  assert.equal(told.waiting_for_us, true);
  assert.equal((await server.api('cases')).items.length, 1, 'a report opens no case of its own');
  const shown = await run(['case', 'show', String(order.number), '--socket', server.socket]);
  assert.match(shown.out, /^Recipient: +gone@example\.com: not reached; the address does not exist$/m);

  // Each acknowledgement is answered by a machine that says nothing of itself, and cuts off whatever leads to the case.
  await server.api('settings/loop-limit', { value: '3' }, 'PUT');
  await server.command('mailbox', 'acknowledge', sales, '--on', '--text', 'Your case is {{number}}.');
  const robot = 'robot@example.com';
  let rounds = 0;
  for (let acknowledged = true; acknowledged; ++rounds) {
    assert.ok(rounds < 10, 'nobody breaks the loop');
    await mail.customerWrites(sales, `From: ${robot}\nTo: ${sales}\nSubject: Round ${rounds}\nMessage-ID: <round-${rounds}@example.com>\n\nI am away.\n`, robot);
    const opened = await server.caseAbout(`Round ${rounds}`);
    const answer = opened.items.find((each) => each.kind === 'sent');
    acknowledged = answer !== undefined;
    if (acknowledged) await until(`acknowledgement ${rounds + 1} at the machine`, () => mail.dovecot.delivered(robot).length === rounds + 1);
  }
  assert.equal(rounds, 4);
  const answers = mail.dovecot.delivered(robot);
  assert.equal(answers.length, 3);
  for (const each of answers) {
    assert.equal(header(each, 'Auto-Submitted'), 'auto-replied');
    assert.match(text(each), /^Your case is \d+\.$/);
  }
  const alarm = (await server.api('alarms')).items.find((each) => each.cause === 'mail-loop');
  assert.match(JSON.stringify(alarm), /robot@example\.com opened more than 3 cases/);
});
