// kill -9 of `postroom serve` at random instants, while it retrieves and while it dispatches. Afterwards nothing is lost, nothing is there
// twice, the folders on the server are as the after-actions leave them, and what was left in doubt is settled by Sent Items.
//
// SEED=n repeats the instants as far as a machine does; ROUNDS=n is how many kills each half makes (13).
//
// Mutations of the program under which it was seen to fail:
//  - dispatcher/send.cpp: begin_committing() after the dot instead of before it: answers delivered twice (2 runs of 2);
//  - store/outbound.cpp, recover(): what was committing goes back to the queue, as what was claimed does: delivered twice (2 of 2);
//  - retriever/mailbox-run.cpp, after_actions(): after_action_done() before carry_out(): mail stays in INBOX for ever (2 of 2);
//  - retriever/mailbox-run.cpp, fetch(): the mails moved before filing.settle(): mails lost (1 of 3; commits of 13 rounds seldom lag).
import assert from 'node:assert/strict';
import { seeded } from '../support/faults/choices.mjs';
import { addAccount, authorize, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { startLatency } from '../support/latency.mjs';
import { delay, until } from '../support/scratch.mjs';

const rounds = Number(process.env.ROUNDS ?? 13);
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
const limit = 120_000 + rounds * 8_000;

const mailboxes = [
  { address: 'sales@contoso.test', after: 'move' },
  { address: 'support@contoso.test', after: 'delete' },
  { address: 'alex@contoso.test', after: 'leave' },
];

async function openHouse({ keep }) {
  const lab = await keep(startLab());
  const server = await keep(startServer({ anchors: [lab.facts.anchor] }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  const [imap, smtp] = await Promise.all([lab.facts.imap, lab.facts.smtp].map((each) => keep(startLatency(each, 6))));
  for (const { address, after } of mailboxes) {
    const name = await addAccount(server, { user: address, imap: imap.endpoint, smtp: smtp.endpoint, after });
    assert.equal((await authorize(server, name, address, lab.signIn)).state, 'accepted');
    await server.idle(address);
  }
  return { lab, server };
}

async function everyCase(server) {
  const all = [];
  for (let after = '';;) {
    const page = await server.api(`cases?limit=200${after}`);
    all.push(...page.items);
    if (!page.next) return all;
    after = `&after=${page.next}`;
  }
}

/** Those that are there more often than once. */
const twice = (names) => names.filter((name, at) => names.indexOf(name) !== at);

scenario(`killed ${rounds} times while it retrieves, it files every mail once`, { limit }, async ({ keep, t }) => {
  t.diagnostic(`SEED=${seed} ROUNDS=${rounds}`);
  const random = seeded(seed)('retrieval').fraction;
  const { lab, server } = await openHouse({ keep });
  const put = [];  // the subjects, in which each mail has a number of its own
  const arrive = async (count) => {
    const mails = mailboxes.flatMap(({ address }) => Array.from({ length: count }, () => ({ address })));
    for (const mail of mails) {
      mail.subject = `Mail ${put.length + 1} for ${mail.address}`;
      put.push(mail.subject);
    }
    // Sizes differ, so that some bodies are several chunks, and stand in the store before they are published.
    await Promise.all(mails.map(({ address, subject }) => lab.mail(address, `From: customer${put.indexOf(subject)}@example.com\r
To: ${address}\r\nSubject: ${subject}\r\nMessage-ID: <${subject.replace(/\W/g, '-')}@example.com>\r\n\r\n${subject}\r
${`${subject} `.repeat(random() < 0.05 ? 20_000 : 20 + Math.floor(random() * 500)).replace(/.{900}/g, '$&\r\n')}\r\n`)));
  };

  // How long an undisturbed start takes, until it answers and until all is filed.
  await server.kill();
  await arrive(15);
  let began = Date.now();
  await server.begin();
  const answers = Date.now() - began;
  await until('the first mails as cases', async () => (await everyCase(server)).length === put.length, { pause: 50 });
  let whole = Date.now() - began;
  t.diagnostic(`a start takes ${answers} ms, and ${put.length} mails ${whole - answers} ms more`);
  await server.kill();

  for (let round = 0; round < rounds; ++round) {
    // Half of them lie there when it starts; half arrive while it looks.
    const arriving = arrive(10);
    if (round % 2 === 0) await arriving;
    server.launch();
    await delay(answers / 2 + random() * whole);
    await server.kill();
    await arriving;
  }

  await server.begin();
  // A mail whose reading was cut off three times is set aside for a person, since it might be what ends the process (the attempt
  // is counted before the mail is read). The person tries it again.
  let setAside = 0;
  const cases = await until('every mail as a case', async () => {
    for (const each of (await server.api('exceptions')).items) {
      assert.match(each.reason, /never finished/);
      await server.api(`exceptions/${each.id}/retry`, {});
      ++setAside;
    }
    const now = await everyCase(server);
    const missing = put.filter((each) => !now.some((one) => one.subject === each));
    if (now.length < put.length)
      throw new Error(`${missing.length} are not there yet, for example ${missing[0]}; ${JSON.stringify((await server.api('mailboxes')).items)}`);
    return now;
  }, { limit: 60_000, pause: 250 });
  if (setAside > 0) t.diagnostic(`${setAside} times a person had a mail read again`);
  await delay(500);  // a mail too many would come now
  assert.equal((await everyCase(server)).length, cases.length, 'more came than was put in');
  const subjects = cases.map((each) => each.subject);
  assert.deepEqual(twice(subjects), [], 'filed twice');
  assert.deepEqual(put.filter((each) => !subjects.includes(each)), [], 'lost');
  assert.deepEqual(cases.filter((each) => each.activities !== 1), [], 'a mail more than once in its case');
  assert.deepEqual((await server.api('exceptions')).items, []);

  const inFolder = async (address, folder) => (await lab.folder(address, folder)).map((mail) => mail.Subject).sort();
  const for_ = (address) => put.filter((each) => each.endsWith(` ${address}`)).sort();
  const [moved, removed, left] = mailboxes.map(({ address }) => address);
  await until('the after-actions done', async () => (
    (await inFolder(moved, 'INBOX')).length === 0 && (await inFolder(removed, 'INBOX')).length === 0));
  assert.deepEqual(await inFolder(moved, 'Postroom'), for_(moved), 'moved, and each once');
  assert.deepEqual(await inFolder(left, 'INBOX'), for_(left), 'left alone');
  // The bytes of some, the large ones among them, are whole.
  for (const each of cases.filter((_, at) => at % 40 === 0)) {
    const [activity] = (await server.api(`cases/${each.number}`)).items;
    const raw = (await server.api(`activities/${activity.id}/raw`)).toString();
    const [, first, ...more] = raw.split(/\r\n\r\n|\r\n/).slice(raw.split('\r\n').indexOf('') - 1);
    assert.equal(first, each.subject);
    assert.ok(more.join('').replaceAll(`${each.subject} `, '').trim().length === 0, `the body of ${each.subject} is not what was put in`);
  }
});

scenario(`killed ${rounds} times while it dispatches, it sends every answer once`, { limit }, async ({ keep, t }) => {
  t.diagnostic(`SEED=${seed} ROUNDS=${rounds}`);
  const random = seeded(seed)('dispatch').fraction;
  const { lab, server } = await openHouse({ keep });
  await server.command('settings', 'set', 'doubt-delays', '100ms,300ms,1s');
  const customers = 5;
  for (const { address } of mailboxes)
    for (let i = 1; i <= customers; ++i)
      await lab.mail(address, `From: customer${i}@example.com\r\nTo: ${address}\r\nSubject: Question ${i} to ${address}\r\n\r\nWell?\r\n`);
  const cases = await until('the questions', async () => {
    const now = await everyCase(server);
    return now.length === customers * mailboxes.length && now;
  });

  const queued = [];  // what was answered with 201, and so must arrive
  let asked = 0;
  const answerAll = () => Promise.allSettled(cases.map(async ({ number }) => {
    const reply = await server.api(`cases/${number}/replies`, { text: `Answer ${++asked}` });
    queued.push(reply);
  }));
  const mails = () => Promise.all(queued.map(({ id }) => server.api(`outbound/${id}`)));
  const settled = async (what) => until(what, async () => {
    const now = await mails();
    // In doubt and not to be looked for again is a person's.
    const open = now.filter((each) => each.state !== 'sent' && (each.state !== 'in-doubt' || each.next_try));
    if (open.length > 0) throw new Error(`${open.length} are open, for example ${JSON.stringify(open[0])}`);
    return now;
  }, { limit: 60_000 });

  let began = Date.now();
  await answerAll();
  await settled('the first answers');
  const whole = Date.now() - began;
  t.diagnostic(`${queued.length} answers take ${whole} ms`);

  let doubts = 0;
  for (let round = 0; round < rounds; ++round) {
    const answering = answerAll();
    await delay(random() * Math.min(whole, 600));
    await server.kill();
    await answering;
    await server.begin();
    // Some rounds go on with what the last one left; some see it settled.
    if (round % 3 === 2) await settled('what was under way');
  }
  const accepted = async () => (await lab.api('counters')).accepted_by_message_id;
  const count = (all, mail) => all[mail.message_id] ?? all[`<${mail.message_id}>`] ?? 0;
  const after = await settled('every answer sent, or left to a person');
  const seen = await accepted();
  for (const mail of after.filter((each) => each.state === 'in-doubt')) {
    ++doubts;
    // The person looks whether it has arrived, and finds that Sent Items told the truth.
    assert.equal(count(seen, mail), 0, `${mail.id} is in doubt (${mail.reason}), and was delivered`);
    await server.command('outbound', 'resolve', mail.id, '--as', 'resend');
  }
  const end = await until('all sent', async () => {
    const now = await mails();
    return now.every((each) => each.state === 'sent') && now;
  });
  const all = await accepted();
  const found = end.filter((each) => /Sent Items/.test(each.reason)).length;
  t.diagnostic(`${end.length} answers; in doubt and found in Sent Items: ${found}; not found, and sent by a person's word: ${doubts}`);
  assert.deepEqual(end.filter((mail) => count(all, mail) !== 1).map((mail) => `${mail.message_id}: ${count(all, mail)} times`), [], 'delivered once');
  assert.deepEqual(Object.entries(all).filter(([, times]) => times !== 1), [], 'nothing was delivered twice');
  assert.ok(Object.keys(all).length >= end.length);
});
