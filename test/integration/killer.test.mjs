// A mail in whose reading the process dies, by SIGKILL as when the machine's memory runs out: it is set aside at the fourth start, the
// exception queue says so and has its bytes, and the mails behind it become cases. So does it, once a person has it tried again.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { addAccount, authorize, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { until } from '../support/scratch.mjs';

const sales = 'sales@contoso.test';
const mail = (subject, body) => `From: customer@example.com\r\nTo: ${sales}\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@example.com>\r
Date: Sun, 22 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n${body}`;
// Long enough in reading to be hit there, on any machine.
const killer = mail('killer', '--b\r\nContent-Type: text/plain\r\n\r\nwords\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
  + '=E9=\r\n'.repeat(4_000_000) + '--b--\r\n');

scenario('a mail that ends the process three times is set aside', { limit: 200_000 }, async ({ keep }) => {
  const lab = await keep(startLab());
  const server = await keep(startServer({ anchors: [lab.facts.anchor], store: 'sqlite' }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  const name = await addAccount(server, { user: sales, imap: lab.facts.imap, smtp: lab.facts.smtp, after: 'leave' });

  const begun = () => Number(execFileSync('sqlite3', ['-readonly', '-cmd', '.timeout 5000', path.join(server.folder, 'store/postroom.db'),
    `SELECT coalesce(max(triage_tries), 0) FROM message WHERE size > ${killer.length / 2} AND triage = 'pending'`], { encoding: 'utf8' }).trim());
  const dies = async (times) => {
    await until(`its reading being begun ${times} times`, () => begun() === times, { limit: 60_000, pause: 5 });
    await server.kill();
    assert.equal(begun(), times, 'it was killed in the middle of it');
  };

  await lab.mail(sales, killer);
  for (let i = 0; i < 3; ++i) await lab.mail(sales, mail(`neighbour-${i}`, '--b\r\n\r\nwords\r\n--b--\r\n'));
  const outcome = await authorize(server, name, sales, lab.signIn);
  assert.equal(outcome.state, 'accepted', outcome.reason);
  await dies(1);
  for (const times of [2, 3]) {
    server.launch();
    await dies(times);
  }

  await server.begin();
  const set = await until('the mail being set aside', async () => (await server.api('exceptions')).items[0], { limit: 60_000 });
  assert.equal(set.tries, 3);
  assert.match(set.reason, /begun 3 times and never finished/);
  const raw = await server.api(`exceptions/${set.id}/raw`);
  assert.ok(raw.equals(Buffer.from(killer)), 'its bytes are intact');
  const subjects = async () => (await server.api('cases?limit=200')).items.map((each) => each.subject).sort();
  await until('its neighbours being cases', async () => (await subjects()).join() === 'neighbour-0,neighbour-1,neighbour-2', { limit: 60_000 });

  await server.api(`exceptions/${set.id}/retry`, {});
  await until('a case of it, as nobody kills the process now', async () => (await subjects()).includes('killer'), { limit: 60_000 });
  assert.deepEqual((await server.api('exceptions')).items, []);
});
