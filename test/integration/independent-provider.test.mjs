// Grants of identity providers that have nothing of Postroom's and nothing of Microsoft's, and the main job with them: by the code flow, by
// the device flow, and renewed. With npm's oidc-provider access tokens are opaque, id tokens name nobody, and offline access is for who asks
// for consent; with Debian's Glewlwyd they are JWT, and a refresh token that it does not take gets an answer without a body.
import assert from 'node:assert/strict';
import { makeCertificates } from '../support/certificates.mjs';
import { startGlewlwyd } from '../support/glewlwyd.mjs';
import { authorize, beginAuthorization, scenario, setUp, settled, startServer } from '../support/house.mjs';
import { header, startMailServers } from '../support/mail-house.mjs';
import { startOpenIdProvider } from '../support/openid-provider.mjs';
import { scratchFolder, until } from '../support/scratch.mjs';

const sales = 'sales@contoso.test';
const support = 'support@contoso.test';
const alex = 'alex@contoso.test';

const providers = {
  'oidc-provider': (about) => startOpenIdProvider({ ...about, once: true }),
  Glewlwyd: (about) => startGlewlwyd({ ...about, users: [sales, support, alex] }),
};

async function house(keep, startProvider) {
  const { folder, remove } = scratchFolder('certificates');
  await keep({ stop: remove });
  const certificates = makeCertificates(folder);
  const server = await keep(startServer({ anchors: [certificates.anchor] }));
  const provider = await keep(startProvider({ certificates, redirectUrl: `${server.url}/oauth/callback` }));
  const mail = await startMailServers({ keep, certificates, introspection: provider.introspection });
  await setUp(server, provider);
  return { server, provider, mail };
}

for (const [named, startProvider] of Object.entries(providers)) {
  scenario(`grants of ${named} carry mail in and out, and are renewed`, { limit: 120_000 }, async ({ keep }) => {
    const { server, provider, mail } = await house(keep, startProvider);
    const name = await mail.addAccount(server, sales);

    const wrong = await authorize(server, name, alex, provider.signIn);
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

    // Another account by a device's code: first somebody else enters it, then the right one does.
    const device = await mail.addAccount(server, support);
    for (const [user, state] of [[alex, 'refused'], [support, 'accepted']]) {
      const begun = await beginAuthorization(server, device, { flow: 'device' });
      await provider.enterCode(begun.verification_url, begun.user_code, user);
      const ended = await settled(server, begun.id);
      assert.equal(ended.state, state, ended.reason);
      if (state === 'refused') assert.match(ended.reason, /alex@contoso\.test.*support@contoso\.test/);
    }
    assert.equal((await server.api(`accounts/${device}`)).grant.user_name, support);

    // The stored tokens are refused from now on; the refresh tokens bring others, and mail goes on. Twice: a refresh token works once.
    for (const subject of ['second', 'third']) {
      const before = provider.renewals();
      await server.end();
      await provider.revokeAccessTokens();
      await server.begin();
      for (const user of [sales, support]) {
        await mail.customerWrites(user, `From: customer@example.com\nTo: ${user}\nSubject: ${subject} to ${user}\n\nHello again\n`);
        const next = await server.caseAbout(`${subject} to ${user}`);
        const again = await server.command('case', 'reply', String(next.number), '--text', 'Thank you again.');
        await server.sent(again.id);
      }
      assert.equal(provider.renewals(), before + 2, 'one renewal each');
    }
    assert.deepEqual(provider.troubles(), []);
  });

  scenario(`what ${named} has ended is told, kept, and taken up again by whoever authorizes anew`, { limit: 120_000 }, async ({ keep }) => {
    const { server, provider, mail } = await house(keep, startProvider);
    const name = await mail.addAccount(server, sales);
    assert.equal((await authorize(server, name, sales, provider.signIn)).state, 'accepted');
    await server.idle(sales);
    await server.end();
    await provider.revokeAccessTokens();
    await provider.revokeRefreshTokens();
    await server.begin();
    const told = await until('the account needing authorization', async () => {
      const now = await server.api(`accounts/${name}`);
      return now.state === 'needs-authorization' && now;
    });
    assert.equal(told.grant.user_name, sales, 'it is kept');
    assert.equal(told.grant.refusals, 1);
    assert.ok(told.grant.next_try, 'it is tried again');
    await until('the alarm', async () => (await server.api('alarms')).items.some((each) => each.cause === 'grant-refresh'));
    const again = await authorize(server, name, sales, provider.signIn);
    assert.equal(again.state, 'accepted', again.reason);
    await mail.customerWrites(sales, `From: customer@example.com\nTo: ${sales}\nSubject: after all\n\nHello\n`);
    await server.caseAbout('after all');
  });
}
