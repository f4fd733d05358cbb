// The main job through Debian's tinyproxy, with sign-in: the provider, IMAP and SMTP have a name that only the proxy can find. And what is
// told where the proxy refuses, or is gone.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { addAccount, authorize, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { freePort, scratchFolder, until } from '../support/scratch.mjs';
import { startTinyproxy } from '../support/tinyproxy.mjs';

const host = 'mail.contoso.test';
const password = 'open-sesame';
const signIn = { user: 'postroom', password };

/** A server that knows no other way out than the proxy at `port`. */
async function startBehind(port, { keep, lab, given = password }) {
  const { folder, remove } = scratchFolder('password');
  await keep({ stop: remove });
  const file = path.join(folder, 'proxy-password');
  writeFileSync(file, `${given}\n`, { mode: 0o600 });
  const server = await keep(startServer({
    anchors: [lab.facts.anchor],
    configuration: `[net]\nproxy = "http://postroom@127.0.0.1:${port}"\nproxy-password-file = ${JSON.stringify(file)}\nno-proxy = [".example.com"]\n`,
  }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  const [user] = lab.facts.users;
  const name = await addAccount(server, { user, imap: lab.facts.imap.replace('localhost', host), smtp: lab.facts.smtp.replace('localhost', host) });
  return { server, user, name };
}

const portOf = (address) => Number(/:(\d+)/.exec(address.replace(/^https?:/, ''))[1]);
const mailFrom = (subject, user) => `From: Ann <ann@example.com>\r\nTo: ${user}\r\nSubject: ${subject}\r\nMessage-ID: <${subject.replaceAll(' ', '-')}@example.com>\r\n\r\nHello\r\n`;
const reason = async (server, user) => {
  const mailbox = await server.mailbox(user);
  const account = (await server.api('accounts')).items[0];
  return `${mailbox.state_reason ?? mailbox.reason} ${account.state_reason ?? account.reason}`;
};

scenario('mail comes and goes through a proxy, and comes again after the proxy was away', { limit: 120_000 }, async ({ keep }) => {
  const lab = await keep(startLab({ host }));
  const proxy = await keep(startTinyproxy({ names: [host], signIn }));
  const { server, user, name } = await startBehind(proxy.port, { keep, lab });
  const outcome = await authorize(server, name, user, lab.signIn);
  assert.equal(outcome.state, 'accepted', outcome.reason);
  await server.idle(user);
  await lab.mail(user, mailFrom('through the proxy', user));
  const found = await server.caseAbout('through the proxy');
  const queued = await server.command('case', 'reply', String(found.number), '--text', 'Hello Ann');
  await server.sent(queued.id);
  for (const each of [lab.facts.authority, lab.facts.imap, lab.facts.smtp])
    await until(`${each} being reached through the proxy`, () => proxy.asked().includes(`${host}:${portOf(each)}`) || Promise.reject(new Error(String(proxy.asked()))));

  await proxy.stop();
  await until('the mailbox saying that the proxy is gone', async () => {
    const words = await reason(server, user);
    return words.includes(`cannot reach the proxy 127.0.0.1:${proxy.port}`) && words.includes('Connection refused');
  });
  await lab.mail(user, mailFrom('while it was away', user));
  await keep(startTinyproxy({ names: [host], signIn, port: proxy.port }));
  await server.caseAbout('while it was away', { limit: 90_000 });
  assert.ok(!server.log().includes(password), 'the log shows the password');
});

scenario('what the proxy refuses is told, and what to do', { limit: 120_000 }, async ({ keep, t }) => {
  const lab = await keep(startLab({ host }));
  await t.test('a wrong password', async () => {
    const proxy = await keep(startTinyproxy({ names: [host], signIn }));
    const { server, user, name } = await startBehind(proxy.port, { keep, lab, given: 'wrong-word' });
    const told = await authorize(server, name, user, lab.signIn).then((outcome) => outcome.reason ?? '', (error) => error.message);
    assert.match(told, new RegExp(`the proxy 127\\.0\\.0\\.1:${proxy.port} refused the sign-in as postroom \\(40[17]`));
    assert.ok(!`${told}${server.log()}`.includes('wrong-word'));
  });
  await t.test('a port that it does not lead to', async () => {
    const proxy = await keep(startTinyproxy({ names: [host], signIn, ports: [portOf(lab.facts.authority)] }));
    const { server, user, name } = await startBehind(proxy.port, { keep, lab });
    await authorize(server, name, user, lab.signIn);
    await until('the mailbox saying what the proxy said', async () => {
      const words = await reason(server, user);
      return words.includes(`does not lead to ${host}:${portOf(lab.facts.imap)} (403`) && words.includes('have its administrator allow CONNECT');
    });
  });
  await t.test('nobody there', async () => {
    const port = await freePort();
    const { server, user, name } = await startBehind(port, { keep, lab });
    const told = await authorize(server, name, user, lab.signIn).then((outcome) => outcome.reason ?? '', (error) => error.message);
    assert.match(told, new RegExp(`the proxy 127\\.0\\.0\\.1:${port}`));
    assert.match(told, new RegExp(host));
  });
});
