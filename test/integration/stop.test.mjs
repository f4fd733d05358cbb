// A server that is asked to stop waits for nobody who says nothing.
import assert from 'node:assert/strict';
import net from 'node:net';
import { addAccount, authorize, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { freePort, until } from '../support/scratch.mjs';

const sales = 'sales@contoso.test';

/** Takes connections, and never says a word. */
async function startMute() {
  const port = await freePort();
  const open = new Set();
  const server = net.createServer((socket) => {
    open.add(socket);
    socket.on('error', () => {}).on('close', () => open.delete(socket));
  });
  await new Promise((resolve) => { server.listen(port, '127.0.0.1', resolve); });
  return { at: `localhost:${port}`, open, stop: () => { for (const each of open) each.destroy(); server.close(); } };
}

scenario('a stop breaks off what waits for a mail server that is silent', {}, async ({ keep, t }) => {
  const lab = await keep(startLab());
  const mute = await keep(startMute());
  const server = await keep(startServer({ anchors: [lab.facts.anchor] }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  await addAccount(server, { user: sales, imap: lab.facts.imap, smtp: lab.facts.smtp });
  const outcome = await authorize(server, 'sales', sales, lab.signIn);
  assert.equal(outcome.state, 'accepted', outcome.reason);
  await server.api('accounts/sales', { imap_host: mute.at, smtp_host: mute.at }, 'PATCH');
  await server.api('messages', { mailbox: sales, to: ['a@example.com'], subject: 'waits', text: 'x' });
  const look = server.command('retrieve', '--once').catch(() => {});
  await until('both being asked', () => mute.open.size >= 2, { limit: 30_000 });
  const stopping = Date.now();
  assert.equal(await server.end(), 0);
  const took = Date.now() - stopping;
  t.diagnostic(`stopped after ${took} ms`);
  assert.ok(took < 25_000, `stopping took ${took} ms`);  // the server may be silent for 30 s
  await look;
  assert.doesNotMatch(server.log(), /without waiting longer|Postroom is stopping/);

  // It was nobody's trouble.
  await server.begin();
  assert.deepEqual((await server.api('alarms')).items, []);
});
