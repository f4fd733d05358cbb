// A server locks out who comes too often with a wrong password. What waits after a refusal is woken by a change of its own account, and by
// nobody else's.
import assert from 'node:assert/strict';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeCertificates } from '../support/certificates.mjs';
import { scenario, startServer } from '../support/house.mjs';
import { startBadImapServer } from '../support/imap-server.mjs';
import { scratchFolder, until } from '../support/scratch.mjs';

/** Hangs up on everybody. */
async function startRudeServer() {
  const rude = { came: [], get connections() { return rude.came.length; } };
  const server = net.createServer((socket) => {
    rude.came.push(Date.now());
    socket.on('error', () => {}).end();
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  rude.at = `localhost:${server.address().port}`;
  rude.stop = () => server.close();
  return rude;
}

scenario('a password that was refused is not tried again because of another account', { limit: 120_000 }, async ({ keep, t }) => {
  const { folder, remove } = scratchFolder('certificates');
  await keep({ stop: remove });
  const certificates = makeCertificates(folder);
  let signIns = 0;
  const imap = await keep(startBadImapServer({ certificates, bad: {
    CAPABILITY: (socket, tag) => socket.write(`* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR\r\n${tag} OK done\r\n`),
    AUTHENTICATE: (socket, tag) => {
      ++signIns;
      socket.write(`${tag} NO [AUTHENTICATIONFAILED] Authentication failed.\r\n`);
    },
  } }));
  const smtp = await keep(startRudeServer());
  const silent = await keep(startRudeServer());
  const server = await keep(startServer({ anchors: [certificates.anchor] }));
  await server.command('department', 'add', 'Customer care');
  const add = async (name, retrieval, submission) => {
    await server.command('account', 'add', name, '--department', 'Customer care', '--access', 'password', '--user', `${name}@contoso.test`,
      '--password-file', '-', '--imap-host', retrieval, '--smtp-host', submission, { input: 'wrong\n' });
    await server.command('mailbox', 'add', `${name}@contoso.test`, '--account', name);
  };
  await add('sales', imap.endpoint, smtp.at);
  await add('other', silent.at, silent.at);
  await server.api('messages', { mailbox: 'sales@contoso.test', to: ['a@example.com'], subject: 'waits', text: 'x' });

  const wait = () => 1_000 * Number([...server.log().matchAll(/sales: .*; the queue waits (\d+) s/g)].at(-1)?.[1] ?? 0);
  const refused = async () => (await server.api('accounts/sales')).state === 'needs-authorization';
  await until('both waiting for a while', async () => wait() >= 20_000 && refused(), { limit: 60_000 });
  assert.equal(signIns, 1, 'what was refused is shown again in an hour');
  const before = { signIns, submissions: smtp.connections };
  for (let each = 0; each < 8; ++each) {
    await server.api('accounts/other', { password: `another ${each}` }, 'PATCH');
    await sleep(250);
  }
  t.diagnostic(`${signIns} sign-ins and ${smtp.connections} submissions; before the other account was edited: ${JSON.stringify(before)}`);
  assert.equal(signIns, before.signIns);
  // Unless the wait is over by now.
  assert.ok(smtp.came.every((at, i) => i < before.submissions || at - smtp.came[i - 1] >= 20_000), String(smtp.came));

  const [tried, longest] = [smtp.connections, wait()];
  await server.api('accounts/sales', { password: 'right' }, 'PATCH');
  await until('both being tried with the new password', () => signIns > before.signIns && smtp.connections > tried);
  const waited = smtp.came[tried] - smtp.came[tried - 1];
  assert.ok(waited < longest - 500, `after ${waited} ms of ${longest} it was tried because its time had come`);
});
