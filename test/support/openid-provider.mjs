// An OpenID provider that has nothing of Postroom's: npm's oidc-provider, over TLS, as strict as it comes. Its users are the mailboxes'
// addresses, its sign-in pages its own.
import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import Provider from 'oidc-provider';
import { walk } from './browser.mjs';

// What Postroom asks of any provider, beside OpenID's own: a provider has to know them.
const mailScopes = ['https://outlook.office.com/IMAP.AccessAsUser.All', 'https://outlook.office.com/POP.AccessAsUser.All', 'https://outlook.office.com/SMTP.Send'];
const deviceCode = 'urn:ietf:params:oauth:grant-type:device_code';

/**
 * `wire` resolves with where it is reached instead of its own endpoint, where something stands in between. `watch` is called with every
 * request before it is answered. With `once` a refresh token works once, and one that is used again ends the grant.
 */
export async function startOpenIdProvider({ certificates, redirectUrl, wire = (endpoint) => endpoint, watch = () => {}, once = false }) {
  const server = https.createServer({ cert: readFileSync(certificates.certificate), key: readFileSync(certificates.key) });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const authority = `https://${await wire(`localhost:${server.address().port}`)}`;
  const life = { accessToken: 3600 };
  const clientSecret = `${randomBytes(24).toString('base64url')}+/=&%`;  // what a form and a header must encode
  const introspectionSecret = randomBytes(24).toString('hex');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const provider = new Provider(authority, {
    clients: [
      { client_id: 'postroom', client_secret: clientSecret, redirect_uris: [redirectUrl], grant_types: ['authorization_code', 'refresh_token', deviceCode] },
      { client_id: 'dovecot', client_secret: introspectionSecret, redirect_uris: [], response_types: [], grant_types: [] },
    ],
    jwks: { keys: [privateKey.export({ format: 'jwk' })] },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    scopes: ['openid', 'offline_access', ...mailScopes],
    claims: { openid: ['sub'], profile: ['preferred_username', 'name'], email: ['email'] },
    features: { introspection: { enabled: true }, deviceFlow: { enabled: true } },
    rotateRefreshToken: once,
    pkce: { required: () => true },
    ttl: { AccessToken: () => life.accessToken, AuthorizationCode: 60, DeviceCode: 600, Grant: 86_400, IdToken: 3600, Interaction: 600, RefreshToken: 86_400, Session: 600 },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, preferred_username: id, email: id, name: id.split('@')[0] }) }),
  });
  const ca = readFileSync(certificates.anchor);
  const issued = [];
  const seen = { codes: 0, devices: 0, refreshes: 0, errors: [] };
  const counted = { authorization_code: 'codes', refresh_token: 'refreshes', [deviceCode]: 'devices' };
  const renewing = [];
  provider.on('access_token.saved', (token) => issued.push(token));
  provider.on('refresh_token.saved', (token) => renewing.push(token));
  provider.on('grant.success', (ctx) => { seen[counted[ctx.oidc.params.grant_type]] += 1; });
  for (const event of ['grant.error', 'authorization.error', 'introspection.error', 'userinfo.error', 'server_error'])
    provider.on(event, (_, error) => { if (error.error !== 'authorization_pending') seen.errors.push(`${event}: ${error.message} ${error.error_description ?? ''}`); });
  server.on('request', watch);
  server.on('request', provider.callback());
  return {
    name: 'provider',
    authority,
    clientId: 'postroom',
    clientSecret,
    /** Seconds, of tokens that are issued from now on. */
    life,
    seen,
    introspection: {
      url: `https://dovecot:${introspectionSecret}@localhost:${server.address().port}/token/introspection`,
      anchor: certificates.anchor,
      userAttribute: 'sub',
    },
    /** As an administrator does who ends all sessions: every access token that there is. */
    async revokeAccessTokens() {
      for (const token of issued.splice(0)) await token.destroy();
    },
    async revokeRefreshTokens() {
      for (const token of renewing.splice(0)) await token.destroy();
    },
    renewals: () => seen.refreshes,
    /** What it had to complain about. */
    troubles: () => seen.errors,
    signIn: (url, user) => walk(url, { ca, fill: (fields) => ('login' in fields ? { ...fields, login: user, password: 'any' } : fields) }),
    async enterCode(url, code, user) {
      const page = await walk(url, {
        ca, fill: (fields) => ('login' in fields ? { ...fields, login: user, password: 'any' } : 'user_code' in fields ? { ...fields, user_code: code } : fields),
      });
      assert.match(page.text, /Sign-in Success/, page.text);
    },
    log: () => JSON.stringify(seen, null, 2),
    stop: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }),
  };
}
