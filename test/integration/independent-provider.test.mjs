// The main job with an identity provider that has nothing of Postroom's and nothing of Microsoft's: npm's oidc-provider. Its access tokens
// are opaque, its id tokens name nobody, and it gives offline access only to who asks for consent.
import assert from 'node:assert/strict';
import { makeCertificates } from '../support/certificates.mjs';
import { authorize, scenario, setUp, startServer } from '../support/house.mjs';
import { header, startMailServers } from '../support/mail-house.mjs';
import { startOpenIdProvider } from '../support/openid-provider.mjs';
import { scratchFolder, until } from '../support/scratch.mjs';

const sales = 'sales@contoso.test';

scenario('grants of any OpenID provider carry mail in and out, and are renewed', { limit: 120_000 }, async ({ keep }) => {
  const { folder, remove } = scratchFolder('certificates');
  await keep({ stop: remove });
  const certificates = makeCertificates(folder);
  const server = await keep(startServer({ anchors: [certificates.anchor] }));
  const provider = await keep(startOpenIdProvider({ certificates, redirectUrl: `${server.url}/oauth/callback` }));
  const mail = await startMailServers({ keep, certificates, introspection: provider.introspection });
  await setUp(server, provider);
  const name = await mail.addAccount(server, sales);

  const wrong = await authorize(server, name, 'alex@contoso.test', provider.signIn);
  assert.equal(wrong.state, 'refused', wrong.reason);
  assert.match(wrong.reason, /alex@contoso\.test/);
  assert.match(wrong.reason, /sales@contoso\.test/);
  const outcome = await authorize(server, name, sales, provider.signIn);
  assert.equal(outcome.state, 'accepted', `${outcome.reason} ${outcome.page.text}`);
  const { grant } = await server.api(`accounts/${name}`);
  assert.equal(grant.user_name, sales);
  assert.equal(grant.tenant_id, provider.authority, 'the issuer stands for a tenant');

  await mail.customerWrites(sales, `From: customer@example.com\nTo: ${sales}\nSubject: first\nMessage-ID: <first@example.com>\n\nHello\n`);
  const first = await server.caseAbout('first');
  const reply = await server.command('case', 'reply', String(first.number), '--text', 'Thank you.');
  await server.sent(reply.id);
  const [answer] = await until('the answer at the customer\'s', () => {
    const found = mail.dovecot.delivered('customer@example.com');
    return found.length && found;
  });
  assert.equal(header(answer, 'In-Reply-To'), '<first@example.com>');

  // The stored token is refused from now on; the refresh token brings another, and mail goes on.
  assert.equal(provider.seen.refreshes, 0);
  await server.end();
  await provider.revokeAccessTokens();
  await server.begin();
  await mail.customerWrites(sales, `From: customer@example.com\nTo: ${sales}\nSubject: second\n\nHello again\n`);
  const second = await server.caseAbout('second');
  assert.ok(provider.seen.refreshes >= 1);
  const again = await server.command('case', 'reply', String(second.number), '--text', 'Thank you again.');
  await server.sent(again.id);
  assert.deepEqual(provider.seen.errors, []);
});
