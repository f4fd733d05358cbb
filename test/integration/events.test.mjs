// The stream of events: what changed arrives, once, for whom it may; it goes on where it was; it ends when it has to.
import assert from 'node:assert/strict';
import http from 'node:http';
import { request } from '../support/browser.mjs';
import { addAccount, scenario, setUp, startServer } from '../support/house.mjs';
import { addPeople, signIn } from '../support/people.mjs';
import { delay, until } from '../support/scratch.mjs';

const sales = 'sales@contoso.test';

/** A stream that is open: its events so far, as they come. */
async function listen(server, headers, lastEventId) {
  const stream = { events: [], comments: 0, ended: false, last: undefined, heard: Date.now() };
  const resumed = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  await new Promise((resolve, reject) => {
    const sent = http.get(`${server.url}/api/v1/events`, { headers: { ...headers, ...resumed }, agent: false }, (answer) => {
      stream.status = answer.statusCode;
      stream.stop = () => answer.destroy();
      let text = '';
      answer.setEncoding('utf8').on('data', (piece) => {
        text += piece;
        for (let end; (end = text.indexOf('\n\n')) >= 0; text = text.slice(end + 2)) {
          const fields = {};
          for (const line of text.slice(0, end).split('\n'))
            if (line.startsWith(':')) ++stream.comments;
            else fields[line.slice(0, line.indexOf(':'))] = line.slice(line.indexOf(':') + 2);
          if (fields.id) stream.last = fields.id;
          if (!fields.event) continue;
          stream.heard = Date.now();
          stream.events.push({ name: fields.event, ...JSON.parse(fields.data) });
        }
        resolve();
      });
      answer.on('close', () => { stream.ended = true; resolve(); }).on('error', () => {});
    });
    sent.once('error', reject);
  });
  stream.has = (name, id, kind, limit = 15_000) => until(`${name} ${id} ${kind}`, () =>
    stream.events.some((each) => each.name === name && each.id === id && each.kind === kind), { limit, pause: 20 });
  return stream;
}

async function start(keep, options = {}) {
  const server = await keep(startServer({ anchors: [], ...options }));
  await setUp(server, { authority: 'https://provider.test/tenant', clientId: 'a', clientSecret: 'b' });
  await addPeople(server);
  await addAccount(server, { user: sales, imap: 'localhost:1', smtp: 'localhost:1' });
  return server;
}
const write = (server, subject) => server.api('messages', { mailbox: sales, to: ['a@example.com'], subject, text: 'x' });

scenario('what changed is told within seconds, to whom it may be told, and nothing else', { limit: 90_000 }, async ({ keep, t }) => {
  const server = await start(keep);
  const administrator = await listen(server, await signIn(server, 'system-administrator'));
  const agent = await listen(server, await signIn(server, 'agent'));
  assert.equal(agent.status, 200);
  const began = Date.now();
  const mail = await write(server, 'a secret subject');
  await agent.has('case', '1', 'added');
  t.diagnostic(`from the API's answer to the event: ${Date.now() - began} ms`);
  await agent.has('outbound', mail.id, 'added');
  await server.api('cases/1', { state: 'closed' }, 'PATCH');
  await agent.has('case', '1', 'changed');
  await server.api(`mailboxes/${sales}`, { display_name: 'x' }, 'PATCH');
  await agent.has('mailbox', sales, 'changed');
  await server.api('accounts/sales', { imap_host: 'localhost:2' }, 'PATCH');
  await server.api('settings/doubt-delays', { value: '1s' }, 'PUT');
  await administrator.has('account', 'sales', 'changed');
  await administrator.has('setting', 'doubt-delays', 'changed');
  assert.deepEqual(agent.events.filter((each) => ['account', 'setting', 'alarm', 'exception'].includes(each.name)), []);
  assert.doesNotMatch(JSON.stringify([...agent.events, ...administrator.events]), /secret/);
  for (const { events } of [agent, administrator])
    assert.equal(events.filter((each) => each.name === 'case' && each.kind === 'added').length, 1, 'once');

  // A department that is not theirs.
  await server.api('departments', { name: 'Returns' });
  await server.api('users', { name: 'stranger', password: 'correct horse battery', role: 'department-administrator', departments: ['Returns'] });
  const stranger = await listen(server, await signIn(server, 'stranger'));
  await write(server, 'not theirs');
  await agent.has('case', '2', 'added');
  await delay(1_200);
  assert.deepEqual(stranger.events, []);
  for (const each of [administrator, agent, stranger]) each.stop();
});

scenario('it goes on where it was, or says that it can\'t', { limit: 90_000 }, async ({ keep }) => {
  const server = await start(keep);
  const headers = await signIn(server, 'agent');
  const first = await listen(server, headers);
  await write(server, 'one');
  await first.has('case', '1', 'added');
  await until('all of it being told', () => Date.now() - first.heard > 2_000);
  first.stop();
  await write(server, 'two');
  const again = await listen(server, headers, first.last);
  await again.has('case', '2', 'added');
  assert.deepEqual(again.events.filter((each) => each.name === 'reset' || each.id === '1'), []);
  again.stop();
  for (const id of ['nonsense', 'AAAAAAAA.17', `${again.last}000000000`]) {
    const lost = await listen(server, headers, id);
    await until('a reset', () => lost.events[0]?.name === 'reset', { limit: 15_000 });
    lost.stop();
  }
  const { last } = again;
  await server.end();
  await server.begin();
  const other = await listen(server, headers, last);
  await until('a reset', () => other.events[0]?.name === 'reset', { limit: 15_000 });
  other.stop();
});

scenario('it ends with the session, with a fourth of the same session, and with the server at once', { limit: 120_000 }, async ({ keep, t }) => {
  const server = await start(keep);
  const headers = await signIn(server, 'agent');
  const streams = [];
  for (let i = 0; i < 4; ++i) streams.push(await listen(server, headers));
  await until('the first one ended', () => streams[0].ended, { limit: 15_000 });
  assert.deepEqual(streams[0].events.at(-1), { name: 'end', reason: 'elsewhere' });
  await delay(700);
  assert.ok(streams.slice(1).every((each) => !each.ended));

  const signedOut = Date.now();
  const gone = await request(`${server.url}/api/v1/session`, { method: 'DELETE', headers });
  assert.equal(gone.status, 204);
  await until('the others ended', () => streams.every((each) => each.ended), { limit: 20_000 });
  t.diagnostic(`ended ${Date.now() - signedOut} ms after the sign-out`);
  for (const each of streams.slice(1)) assert.deepEqual(each.events.at(-1), { name: 'end', reason: 'signed-out' });

  const token = await server.api('tokens', { name: 'listens', scopes: ['cases:read'], user: 'agent' });
  const bearer = await listen(server, { authorization: `Bearer ${token.secret}` });
  await until('a heartbeat', () => bearer.comments > 0, { limit: 20_000 });
  await server.api(`tokens/${token.id}`, undefined, 'DELETE');
  await until('the token\'s stream ended', () => bearer.ended, { limit: 20_000 });
  assert.deepEqual(bearer.events.at(-1), { name: 'end', reason: 'signed-out' });

  const last = await listen(server, await signIn(server, 'agent'));
  const stopping = Date.now();
  assert.equal(await server.end(), 0);
  await until('the stream ended', () => last.ended, { limit: 5_000 });
  assert.ok(Date.now() - stopping < 25_000, `stopping took ${Date.now() - stopping} ms with a stream open`);
});

scenario('another server\'s changes arrive too', { limit: 120_000 }, async ({ keep }) => {
  const server = await start(keep, { store: 'postgresql' });
  const beside = await keep(startServer({ anchors: [], beside: server }));
  const agent = await listen(beside, await signIn(beside, 'agent'));
  for (let i = 1; i <= 20; ++i) await Promise.all([write(server, `${i}`), write(beside, `${i}`)]);
  for (let i = 1; i <= 40; ++i) await agent.has('case', String(i), 'added');
  agent.stop();
});
