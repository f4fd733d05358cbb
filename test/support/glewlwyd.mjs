// Another OpenID provider that has nothing of Postroom's: Debian's Glewlwyd. Its access tokens are JWT, its refresh tokens work once, and
// one that is used again ends the newest, too. All of it lies in a scratch folder, and it is set up by its own API.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { request } from './browser.mjs';
import { freePort, listening, scratchFolder, start, stop } from './scratch.mjs';

const program = '/usr/bin/glewlwyd';
const schema = '/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3';
// Its administrator and that one's password, as the package's schema has them.
const administrator = { username: 'admin', password: 'password' };
const password = 'any of eight characters';

/** A browser at it: cookies, and JSON as its pages' scripts send it. */
function session(base, ca) {
  const jar = new Map();
  const ask = async (method, where, body) => {
    const headers = { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') };
    const answer = await request(new URL(where, base).href, body === undefined ? { method, ca, headers }
      : { method, ca, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) });
    for (const each of answer.headers['set-cookie'] ?? []) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(each);
      jar.set(name, value);
    }
    return answer;
  };
  const must = async (...what) => {
    const answer = await ask(...what);
    assert.ok(answer.status < 300, `${what[0]} ${what[1]}: ${answer.status} ${answer.bytes}`);
    return answer;
  };
  return { ask, must };
}

// Its administrators name scopes as they like.
const scopes = ['mail.retrieve', 'mail.send', 'offline_access'];

/** `users` are the addresses of who may sign in. */
export async function startGlewlwyd({ certificates, redirectUrl, users }) {
  const { folder, remove } = scratchFolder('glewlwyd');
  const port = await freePort();
  const base = `https://localhost:${port}/`;
  const authority = `${base}api/oidc`;
  const clientId = 'postroom';
  const clientSecret = randomBytes(24).toString('base64url');
  const database = path.join(folder, 'glewlwyd.db');
  execFileSync('sqlite3', [database], { input: readFileSync(schema) });
  writeFileSync(path.join(folder, 'glewlwyd.conf'), `
port=${port}
bind_address="127.0.0.1"
external_url="${base.slice(0, -1)}"
login_url="login.html"
api_prefix="api"
static_files_path="${folder}"
log_mode="console"
log_level="INFO"
cookie_domain="localhost"
cookie_secure=1
session_expiration=3600
session_key="GLEWLWYD2_SESSION_ID"
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="/usr/lib/glewlwyd/user"
client_module_path="/usr/lib/glewlwyd/client"
user_auth_scheme_module_path="/usr/lib/glewlwyd/scheme"
plugin_module_path="/usr/lib/glewlwyd/plugin"
use_secure_connection=true
secure_connection_key_file="${certificates.key}"
secure_connection_pem_file="${certificates.certificate}"
hash_algorithm="SHA512"
database = { type = "sqlite3" path = "${database}" };
`);
  const child = start(program, [`--config-file=${path.join(folder, 'glewlwyd.conf')}`], { cwd: folder });
  const ca = readFileSync(certificates.anchor);
  const all = ['openid', ...scopes];
  try {
    await listening(port);
    const admin = session(base, ca);
    await admin.must('POST', 'api/auth', administrator);
    const { privateKey, publicKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    for (const name of scopes) await admin.must('POST', 'api/scope/', { name, display_name: name, password_required: true, scheme: {} });
    await admin.must('POST', 'api/mod/plugin/', {
      module: 'oidc', name: 'oidc', display_name: 'oidc', enabled: true, parameters: {
        iss: authority, 'subject-type': 'public', 'jwt-type': 'rsa', 'jwt-key-size': '256', key: privateKey, cert: publicKey, 'jwks-show': true,
        'code-duration': 600, 'refresh-token-duration': 86_400, 'access-token-duration': 3600, 'refresh-token-rolling': true, 'refresh-token-one-use': 'always',
        'allow-non-oidc': true, 'auth-type-code-enabled': true, 'auth-type-refresh-enabled': true, 'auth-type-device-enabled': true,
        'auth-type-client-enabled': true, 'auth-type-token-enabled': false, 'auth-type-implicit-enabled': false, 'auth-type-password-enabled': false,
        'pkce-allowed': true, 'pkce-method-plain-allowed': false, 'pkce-required': true,
        'name-claim': 'mandatory', 'email-claim': 'mandatory', 'allowed-scope': all,
        'introspection-revocation-allowed': true, 'introspection-revocation-allow-target-client': true,
        'device-authorization-expiration': 600, 'device-authorization-interval': 1,
      },
    });
    await admin.must('POST', 'api/client/', {
      client_id: clientId, name: 'Postroom', confidential: true, enabled: true, client_secret: clientSecret, redirect_uri: [redirectUrl],
      authorization_type: ['code', 'refresh_token', 'device_authorization', 'client_credentials'], scope: [], token_endpoint_auth_method: ['client_secret_basic', 'client_secret_post'],
    });
    for (const user of users)
      await admin.must('POST', 'api/user/', { username: user, email: user, name: user.split('@')[0], password, enabled: true, scope: ['g_profile', ...all] });
  } catch (error) {
    await stop(child);
    remove();
    throw new Error(`Glewlwyd did not start: ${child.output}\n${error.message}`);
  }
  /** What the script of its sign-in page does: signs in, consents to all that is asked, and goes on to where the page was to lead. */
  const passSignIn = async (browser, at, user) => {
    const page = new URL(at.headers.location);
    assert.equal(page.pathname, '/login.html', page.href);
    await browser.must('POST', 'api/auth', { username: user, password });
    await browser.must('PUT', 'api/auth/grant/postroom', { scope: all.join(' ') });
    const next = await browser.ask('GET', `${page.searchParams.get('callback_url')}&g_continue`);
    assert.equal(next.status, 302, `${next.bytes}`);
    return new URL(next.headers.location);
  };
  const sql = (text) => execFileSync('sqlite3', ['-cmd', '.timeout 5000', database, text], { encoding: 'utf8' }).trim();
  return {
    name: 'glewlwyd',
    authority,
    clientId,
    clientSecret,
    /** What Postroom has to ask for. */
    scopes: all,
    // A client may ask about tokens of its own only.
    introspection: { url: `https://${clientId}:${clientSecret}@localhost:${port}/api/oidc/introspect`, anchor: certificates.anchor, userAttribute: 'username' },
    /** As it counts them: with each renewal the refresh token of before ends, and one more is issued. */
    renewals: () => Number(sql('SELECT count(*) FROM gpo_refresh_token WHERE gpor_enabled = 0')),
    /** What it had to complain about. */
    troubles: () => child.output.split('\n').filter((line) => /ERROR|Security - /.test(line) && !line.includes('MHD')),
    async revokeAccessTokens() { sql('UPDATE gpo_access_token SET gpoa_enabled = 0'); },
    async revokeRefreshTokens() { sql('UPDATE gpo_refresh_token SET gpor_enabled = 0'); },
    async signIn(url, user) {
      const browser = session(base, ca);
      const back = await passSignIn(browser, await browser.ask('GET', url), user);
      const page = await request(back.href);
      return { url: back.href, status: page.status, text: page.bytes.toString() };
    },
    async enterCode(url, code, user) {
      const browser = session(base, ca);
      const end = await passSignIn(browser, await browser.ask('GET', `${url}?code=${code}`), user);
      assert.equal(end.searchParams.get('prompt'), 'deviceComplete', end.href);
    },
    log: () => child.output,
    stop: async () => { await stop(child); remove(); },
  };
}
