// Two who edit the same thing at once: exactly one edit is carried out, and the other one learns who was faster.
import assert from 'node:assert/strict';
import { request } from '../support/browser.mjs';
import { addAccount, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { addPeople, signIn } from '../support/people.mjs';
import { until } from '../support/scratch.mjs';

const sales = 'sales@contoso.test';

scenario('an edit of what somebody else edited meanwhile is refused, and says who did', { limit: 120_000 }, async ({ keep, t }) => {
  const lab = await keep(startLab());
  const server = await keep(startServer({ anchors: [lab.facts.anchor] }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  await addPeople(server);
  await server.api('users', { name: 'second', password: 'correct horse battery', role: 'system-administrator' });
  await addAccount(server, { user: sales, imap: lab.facts.imap, smtp: lab.facts.smtp });
  await server.api('messages', { mailbox: sales, to: ['a@example.com'], subject: 'a case', text: 'x' });
  const { items: [{ number }] } = await server.api('cases');

  const first = await signIn(server, 'system-administrator');
  const second = await signIn(server, 'second');
  const ask = async (who, path, { method = 'GET', body, etag } = {}) => {
    const answer = await request(`${server.url}/api/v1/${path}`, {
      method, body: body && JSON.stringify(body),
      headers: { ...who, ...(body ? { 'content-type': 'application/json' } : {}), ...(etag === undefined ? {} : { 'if-match': etag }) },
    });
    return { ...answer, json: answer.bytes.length ? JSON.parse(answer.bytes) : undefined };
  };

  const edited = {
    [`cases/${number}`]: ['PATCH', (i) => ({ state: i % 2 ? 'open' : 'closed' })],
    'accounts/sales': ['PATCH', (i) => ({ imap_host: `localhost:${1000 + i}` })],
    'applications/provider': ['PATCH', (i) => ({ tenant: `tenant-${i}` })],
    [`mailboxes/${sales}`]: ['PATCH', (i) => ({ display_name: `Sales ${i}` })],
    'users/agent': ['PATCH', (i) => ({ role: i % 2 ? 'agent' : 'auditor' })],
    'settings/doubt-delays': ['PUT', (i) => ({ value: `${i + 1}s` })],
  };
  for (const [path, [method, body]] of Object.entries(edited)) {
    const before = await ask(first, path);
    assert.equal(before.status, 200);
    const { etag } = before.json;
    assert.equal(before.headers.etag, etag);
    const done = await ask(first, path, { method, body: body(0), etag });
    assert.equal(done.status, 200, `${path}: ${done.bytes}`);
    assert.equal(done.headers.etag, done.json.etag);
    assert.notEqual(done.json.etag, etag);
    const late = await ask(second, path, { method, body: body(1), etag });
    assert.equal(late.status, 412, path);
    assert.equal(late.json.type, 'postroom:changed');
    assert.equal(late.json.changed_by, 'system-administrator');
    assert.equal(late.json.etag, done.json.etag);
    assert.match(late.json.detail, /system-administrator changed it on 20\d\d-/);
    assert.ok(Math.abs(Date.now() - Date.parse(late.json.changed_at)) < 60_000);
    assert.deepEqual({ ...(await ask(first, path)).json, items: 0, others: 0 }, { ...done.json, items: 0, others: 0 }, 'nothing was changed');
    for (const condition of [`W/${done.json.etag}`, '"x"', done.json.etag.slice(1, -1)])
      assert.equal((await ask(second, path, { method, body: body(1), etag: condition })).status, 412, condition);
    for (const condition of [`"x", ${done.json.etag}`]) assert.equal((await ask(second, path, { method, body: body(1), etag: condition })).status, 200, condition);
    assert.equal((await ask(second, path, { method, body: body(2), etag: '*' })).status, 200);
    assert.equal((await ask(second, path, { method, body: body(3) })).status, 200, 'a script may leave it out');

    let wins = 0;
    const rounds = 15;
    for (let round = 0; round < rounds; ++round) {
      const now = (await ask(first, path)).json.etag;
      const both = await Promise.all([first, second, first, second].map((who, i) => ask(who, path, { method, body: body(round + i), etag: now })));
      const statuses = both.map((each) => each.status).sort();
      assert.deepEqual(statuses, [200, 412, 412, 412], `${path}, round ${round}: ${statuses}`);
      ++wins;
    }
    t.diagnostic(`${path}: one of four was carried out in each of ${wins} rounds`);
  }

  // A case's version is that of its activities, too: nobody closes over a mail that they have not seen.
  const seen = (await ask(first, `cases/${number}`)).json.etag;
  await server.api(`cases/${number}/replies`, { text: 'another activity' });
  assert.equal((await ask(first, `cases/${number}`, { method: 'PATCH', body: { state: 'closed' }, etag: seen })).status, 412);

  // What the workers note is nobody's edit.
  const mailbox = (await ask(first, `mailboxes/${sales}`)).json;
  await until('the mailbox in another state', async () => (await ask(first, `mailboxes/${sales}`)).json.state_reason !== '');
  assert.equal((await ask(first, `mailboxes/${sales}`)).json.etag, mailbox.etag);

  // Removing what somebody edited, and the same name again.
  const stale = mailbox.etag;
  await ask(second, `mailboxes/${sales}`, { method: 'PATCH', body: { poll: 60 } });
  assert.equal((await ask(first, `mailboxes/${sales}`, { method: 'DELETE', etag: stale })).status, 412);
  const waiting = await ask(first, `mailboxes/${sales}`, { method: 'DELETE' });
  assert.equal(waiting.status, 409, 'its replies wait to be sent');
});

scenario('a mailbox and an account are changed and removed by command', {}, async ({ keep }) => {
  const lab = await keep(startLab());
  const server = await keep(startServer({ anchors: [lab.facts.anchor] }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  await addAccount(server, { user: sales, imap: lab.facts.imap, smtp: lab.facts.smtp });
  const changed = await server.command('mailbox', 'change', sales, '--display-name', 'Contoso', '--after', 'leave', '--poll', '60');
  assert.equal(changed.display_name, 'Contoso');
  assert.equal(changed.after, 'leave');
  assert.equal(changed.poll, 60);
  assert.equal(changed.folder, 'INBOX');
  const account = await server.command('account', 'change', 'sales', '--name', 'trade', '--smtp-host', 'localhost:465');
  assert.equal(account.name, 'trade');
  assert.equal(account.submission_server, 'localhost:465');
  assert.equal((await server.mailbox(sales)).account, 'trade');
  await server.api(`mailboxes/${sales}`, undefined, 'DELETE');
  assert.equal(await server.mailbox(sales), undefined);
  await server.command('mailbox', 'add', sales, '--account', 'trade');
  assert.equal((await server.mailbox(sales)).display_name, '');
});
