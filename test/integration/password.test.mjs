// Accounts with a password, over Debian's Dovecot and Postfix: by PLAIN, by LOGIN, with TLS from the first byte and with STARTTLS, IMAP and
// POP3. Mail comes in, answers go out, and the password is in no transcript.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeCertificates } from '../support/certificates.mjs';
import { startDovecot } from '../support/dovecot.mjs';
import { scenario, startServer } from '../support/house.mjs';
import { startPostfix } from '../support/postfix.mjs';
import { freePort, scratchFolder, until } from '../support/scratch.mjs';
import { deliver } from '../support/smtp.mjs';

const accounts = ['imaps', 'starttls', 'pops', 'stls'];
const password = 'correct "horse" \\ battery';

/** Each server offers one mechanism; `starttls` are the ports without TLS from the first byte. */
async function house(keep, mechanism) {
  const { folder, remove } = scratchFolder('certificates');
  await keep({ stop: remove });
  const certificates = makeCertificates(folder);
  const users = path.join(folder, 'users');
  writeFileSync(users, accounts.map((name) => `${name}@contoso.test:{PLAIN}${password}::::::\n`).join(''));
  const starttls = { imap: await freePort(), pop3: await freePort() };
  const dovecot = await keep(startDovecot({
    certificates,
    mechanisms: mechanism,
    pop3: true,
    settings: `
disable_plaintext_auth = yes
passdb {
  driver = passwd-file
  args = ${users}
}
service imap-login {
  inet_listener imap {
    port = ${starttls.imap}
  }
}
service pop3-login {
  inet_listener pop3 {
    port = ${starttls.pop3}
  }
}
`,
  }));
  const postfix = await keep(startPostfix({ certificates, dovecot, domains: ['contoso.test', 'example.com'] }));
  const server = await keep(startServer({ anchors: [certificates.anchor] }));
  await server.command('settings', 'set', 'external-url', server.url);
  await server.command('department', 'add', 'Customer care');
  return { dovecot, postfix, server, starttls };
}

/** An account with its mailbox, through which a customer's mail comes in and the answer goes out. */
async function carriesMail({ dovecot, postfix, server }, name, retrieval) {
  const address = `${name}@contoso.test`;
  await server.command('account', 'add', name, '--department', 'Customer care', '--access', 'password', '--user', address,
    '--password-file', '-', ...retrieval, '--smtp-host', `localhost:${postfix.ports.submission}`, { input: `${password}\n` });
  await server.command('account', 'transcript', name, 'on');
  const after = retrieval.includes('pop3') ? 'delete' : 'move';
  await server.command('mailbox', 'add', address, '--account', name, '--baseline', 'all', '--after', after,
    ...(after === 'delete' ? ['--confirm-deletion'] : []));
  await server.api(`mailboxes/${address}`, { poll: 5 }, 'PATCH');  // POP3 tells nobody of new mail
  await deliver({ port: postfix.ports.inbound, from: 'customer@example.com', to: address,
    raw: `From: customer@example.com\nTo: ${address}\nSubject: to ${name}\nMessage-ID: <${name}@example.com>\n\nHello\n` });
  const { number } = await server.caseAbout(`to ${name}`);
  const { id } = await server.command('case', 'reply', String(number), '--text', 'Thank you.');
  await server.sent(id);
  await until('the answer at the customer\'s', () => dovecot.delivered('customer@example.com').some((raw) => raw.includes(`<${name}@example.com>`)));
  const rights = await server.command('account', 'rights', name, '--try', '--test-mail');
  assert.equal(rights.items[0].open.outcome, 'holds', rights.items[0].open.evidence);
  assert.equal(rights.items[0].send.outcome, 'holds', rights.items[0].send.evidence);
}

for (const mechanism of ['plain', 'login']) {
  scenario(`passwords by ${mechanism.toUpperCase()}: IMAP and POP3, with TLS at once and with STARTTLS`, { limit: 120_000 }, async ({ keep }) => {
    const house_ = await house(keep, mechanism);
    const { dovecot, server, starttls } = house_;
    const imap = (port, ...more) => ['--imap-host', `localhost:${port}`, ...more];
    const pop3 = (port, ...more) => ['--retrieval', 'pop3', '--pop3-host', `localhost:${port}`, ...more];
    await carriesMail(house_, 'imaps', imap(dovecot.ports.imaps));
    await carriesMail(house_, 'starttls', imap(starttls.imap, '--retrieval-starttls'));
    await carriesMail(house_, 'pops', pop3(dovecot.ports.pop3s));
    await carriesMail(house_, 'stls', pop3(starttls.pop3, '--retrieval-starttls'));

    const folder = path.join(server.folder, 'transcripts');
    const said = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.txt'))
      .map((name) => readFileSync(path.join(folder, name), 'latin1')).join('\n');
    assert.match(said, new RegExp(`(AUTHENTICATE|AUTH) ${mechanism.toUpperCase()}`));
    assert.match(said, /STARTTLS/);
    assert.match(said, /STLS/);
    assert.match(said, /\[secret, \d+ bytes\]/);
    const base64 = (text) => Buffer.from(text).toString('base64').replace(/=+$/, '');
    for (const secret of ['battery', base64(password), ...['imaps', 'pops'].map((name) => base64(`\0${name}@contoso.test\0${password}`))])
      for (const text of [said, server.log()]) assert.ok(!text.includes(secret), 'the password is shown');
  });
}
