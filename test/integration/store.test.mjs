// The store as its own commands see it: moved to PostgreSQL and back, and shared by two servers.
import assert from 'node:assert/strict';
import path from 'node:path';
import { addAccount, authorize, run, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { startPostgresql } from '../support/postgresql.mjs';
import { until } from '../support/scratch.mjs';

const sales = 'sales@contoso.test';

const customer = (number) => `From: customer${number}@example.com
To: ${sales}
Subject: number ${number}.
Message-ID: <${number}@example.com>
Date: Sun, 22 Nov 2026 09:00:00 +0100

Question ${number}
`;

async function working(server, lab) {
  const { facts } = lab;
  await setUp(server, { authority: facts.authority, clientId: facts.client_id, clientSecret: facts.client_secret });
  const name = await addAccount(server, { user: sales, imap: facts.imap, smtp: facts.smtp });
  const outcome = await authorize(server, name, sales, lab.signIn);
  assert.equal(outcome.state, 'accepted', outcome.reason);
}

const subjects = async (server) => (await server.cases()).map((each) => each.subject).sort();

scenario('a store moves to PostgreSQL and back', {}, async ({ keep }) => {
  const lab = await keep(startLab());
  const server = await keep(startServer({ anchors: [lab.facts.anchor], store: 'sqlite' }));
  const file = path.join(server.folder, 'store/postroom.db');
  await working(server, lab);
  for (let i = 1; i <= 5; ++i) await lab.mail(sales, customer(i));
  const before = await until('five cases', async () => (await subjects(server)).length === 5 && subjects(server));
  const database = await keep(startPostgresql());

  const busy = await run(['store', 'copy', file, database.url]);
  assert.equal(busy.code, 1, busy.out);
  assert.match(busy.err, /in use by process \d+/);
  await server.end();

  const sound = await run(['store', 'check', '--store', file]);
  assert.equal(sound.code, 0, sound.err);
  assert.match(sound.out, /5 bodies read, sound/);
  const there = await run(['store', 'copy', file, database.url]);
  assert.equal(there.code, 0, there.err);
  assert.match(there.out, /digests are the same in both stores/);
  const again = await run(['store', 'copy', file, database.url]);
  assert.equal(again.code, 1);
  assert.match(again.err, /is not empty.*--resume/);
  assert.equal((await run(['store', 'copy', '--resume', file, database.url])).code, 0);
  assert.equal((await run(['store', 'migrate', '--store', database.url])).code, 0);
  assert.match((await run(['store', 'check', '--store', database.url])).out, /5 bodies read, sound/);

  const back = path.join(server.folder, 'back/postroom.db');
  assert.equal((await run(['store', 'copy', database.url, back])).code, 0);
  assert.match((await run(['store', 'check', '--store', back])).out, /5 bodies read, sound/);

  // What was moved works on.
  const moved = await keep(startServer({ anchors: [lab.facts.anchor], beside: { folder: server.folder, database } }));
  assert.deepEqual(await subjects(moved), before);
  await lab.mail(sales, customer(6));
  await moved.caseAbout('number 6.');
  const used = await run(['store', 'copy', database.url, path.join(server.folder, 'used.db')]);
  assert.equal(used.code, 1, used.out);
  assert.match(used.err, /a server of Postroom is connected/);
});

scenario('two servers share a store, and nothing is filed or sent twice', { limit: 120_000 }, async ({ keep }) => {
  const lab = await keep(startLab());
  const one = await keep(startServer({ anchors: [lab.facts.anchor], store: 'postgresql' }));
  await working(one, lab);
  const two = await keep(startServer({ anchors: [lab.facts.anchor], beside: one }));
  const count = 40;
  for (let i = 1; i <= count; ++i) await lab.mail(sales, customer(i));
  const expected = Array.from({ length: count }, (_, i) => `number ${i + 1}.`).sort();
  await until('all cases', async () => (await subjects(two)).length >= count, { limit: 60_000 });
  assert.deepEqual(await subjects(one), expected);

  // Each answers half of them; whoever is faster sends.
  const cases = await one.cases();
  const outbound = await Promise.all(cases.map(async (each, at) => {
    const server = at % 2 === 0 ? one : two;
    return (await server.api(`cases/${each.number}/replies`, { text: `Answer ${each.number}` })).id;
  }));
  await Promise.all(outbound.map((id) => one.sent(id, { limit: 60_000 })));
  const sent = await lab.folder(sales, 'Sent Items');
  assert.deepEqual(sent.map((mail) => mail.Subject.match(/number \d+\./)[0]).sort(), expected);
});
