// Tokens have no maximum length: Dovecot (IMAP, a line of its own or SASL-IR) and Postfix (SMTP, which refuses long command lines with a
// misleading 535) take what Postroom sends them, whatever its size.
import assert from 'node:assert/strict';
import { makeCertificates } from '../support/certificates.mjs';
import { authorize, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { startMailServers } from '../support/mail-house.mjs';
import { scratchFolder, until } from '../support/scratch.mjs';

scenario('tokens of 1, 3 and 6 kB sign in to IMAP and SMTP', { limit: 120_000 }, async ({ keep, t }) => {
  const { folder, remove } = scratchFolder('certificates');
  await keep({ stop: remove });
  const certificates = makeCertificates(folder);
  // Dovecot 2.3 takes at most 8,192 octets of base64, user name and all (LOGIN_MAX_AUTH_BUF_SIZE).
  const users = [1_000, 3_000, 6_000].map((size) => ({ size, user: `tokens${size}@contoso.test` }));
  const lab = await keep(startLab({ tenant: { users: users.map(({ user }) => ({ upn: user, password: 'Postroom-2026' })) } }));
  const mail = await startMailServers({ keep, certificates, introspection: lab.introspection });
  const server = await keep(startServer({ anchors: [lab.facts.anchor, certificates.anchor] }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  for (const { size, user } of users) {
    await lab.api('settings', { access_token_bytes: size });
    const name = await mail.addAccount(server, user);
    assert.equal((await authorize(server, name, user, lab.signIn)).state, 'accepted');
    await mail.customerWrites(user, `From: customer@example.com\nTo: ${user}\nSubject: with ${size} octets\n\nHello\n`);
    const { number } = await server.caseAbout(`with ${size} octets`);
    const { id } = await server.command('case', 'reply', String(number), '--text', 'Thank you.');
    const sent = await server.sent(id);
    t.diagnostic(`${size}: ${sent.reason}`);
  }
  await until('all answers delivered', () => mail.dovecot.delivered('customer@example.com').length === users.length);
  for (const { user } of users) {
    await until('Dovecot\'s log', () => new RegExp(`Login: user=<${user}>, method=XOAUTH2`).test(mail.dovecot.log()));
    await until('Postfix\'s log', () => new RegExp(`sasl_method=XOAUTH2, sasl_username=${user}`).test(mail.postfix.log()));
  }
});
