// An OpenID provider that is wrong in one place: everything about it is right, but what `bad` says. Beneath one server there are as many as
// have a name, and whoever "signs in" there needs no password.
import { createSign, generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { request } from './browser.mjs';

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
const strangers = generateKeyPairSync('rsa', { modulusLength: 2048 });
const encoded = (object) => Buffer.from(JSON.stringify(object)).toString('base64url');
const seconds = () => Math.floor(Date.now() / 1_000);

/** A JWT; `header.alg` none leaves the signature out. */
export function makeJwt(claims, header = {}, { privateKey } = keys) {
  const text = `${encoded({ typ: 'JWT', alg: 'RS256', kid: 'one', ...header })}.${encoded(claims)}`;
  return header.alg === 'none' ? `${text}.` : `${text}.${createSign('sha256').update(text).sign(privateKey, 'base64url')}`;
}

/** The same, signed with a key that the provider does not publish. */
export const makeForeignJwt = (claims, header) => makeJwt(claims, header, strangers);

const json = (response, body, status = 200, headers = {}) => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
};

/** What is answered instead, by word: `(response, good, seen)`, `good` being what would be right. */
export const ways = {
  good: (response, good) => json(response, good),
  html: (response) => { response.writeHead(200, { 'content-type': 'text/html' }); response.end('<html><body><h1>Your internet access is blocked</h1></body></html>'); },
  nothing: (response) => response.socket.destroy(),
  empty: (response) => { response.writeHead(200, { 'content-type': 'application/json' }); response.end(); },
  slow(response) {
    response.writeHead(200, { 'content-type': 'application/json' });
    const timer = setInterval(() => response.write(' '), 1_000);
    response.once('close', () => clearInterval(timer));
  },
  endless(response, good, seen) {
    response.writeHead(200, { 'content-type': 'application/json' });
    const piece = Buffer.alloc(65_536, ' ');
    const more = () => { while (!response.destroyed && response.write(piece)) seen.bytes += piece.length; };
    response.on('drain', more);
    more();
  },
  headers(response, good, seen) {
    const line = `X-Padding: ${'x'.repeat(60_000)}\r\n`;
    const { socket } = response;
    socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n');
    const more = () => { while (!socket.destroyed && socket.write(line)) seen.bytes += line.length; };
    socket.on('drain', more);
    more();
  },
  redirect: (response) => { response.writeHead(302, { location: '/elsewhere' }); response.end(); },
  otherType: (response, good) => { response.writeHead(200, { 'content-type': 'image/png' }); response.end(JSON.stringify(good)); },
  errorIn200: (response) => json(response, { error: 'invalid_grant', error_description: 'The code is not known.' }),
  refused: (response) => json(response, { error: 'invalid_grant', error_description: 'The code is not known.' }, 400),
  busy: (response) => json(response, { error: 'temporarily_unavailable' }, 503, { 'retry-after': '12' }),
  truncated: (response, good) => { response.writeHead(200, { 'content-type': 'application/json' }); response.end(JSON.stringify(good).slice(0, -10)); },
  nested: (response) => { response.writeHead(200, { 'content-type': 'application/json' }); response.end('['.repeat(500_000)); },
};

/**
 * `bad` is, by name, where it is wrong (configuration, keys, token, device, or elsewhere) and the way; or the claims and header of its id token:
 * `idToken(claims)` returns the token. A way is looked up in `ways`, or is such a function itself.
 */
export async function startBadProvider({ certificates, bad, user = (name) => `${name}@contoso.test` }) {
  const seen = {};  // by name
  const codes = new Map();
  const good = {
    configuration: (authority) => ({
      issuer: authority, authorization_endpoint: `${authority}/authorize`, token_endpoint: `${authority}/token`, jwks_uri: `${authority}/keys`,
      device_authorization_endpoint: `${authority}/device`, token_endpoint_auth_methods_supported: ['client_secret_post'],
    }),
    keys: () => ({ keys: [{ ...keys.publicKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'one' }] }),
    token(authority, name, form) {
      const claims = { iss: authority, aud: 'postroom', sub: name, iat: seconds(), exp: seconds() + 3_600, email: user(name), ...(codes.has(form.get('code')) && { nonce: codes.get(form.get('code')) }) };
      return {
        token_type: 'Bearer', access_token: randomBytes(40).toString('base64url'), expires_in: 3_600, refresh_token: randomBytes(40).toString('base64url'),
        id_token: bad[name]?.idToken ? bad[name].idToken(claims) : makeJwt(claims),
      };
    },
    device: (authority) => ({
      device_code: randomBytes(30).toString('base64url'), user_code: 'WXYZ-1234', verification_uri: `${authority}/enter`, expires_in: 600, interval: 1,
    }),
  };
  const places = { '/.well-known/openid-configuration': 'configuration', '/keys': 'keys', '/token': 'token', '/device': 'device' };
  const server = https.createServer({ cert: readFileSync(certificates.certificate), key: readFileSync(certificates.key) }, (asked, response) => {
    const [, name, rest] = /^\/([\w-]+)(.*)$/.exec(asked.url) ?? [];
    const at = seen[name] ??= { bytes: 0, asked: [] };
    const where = places[rest];
    at.asked.push({ where: where ?? rest, when: Date.now() });
    let body = '';
    response.on('error', () => {});
    asked.on('data', (piece) => { body += piece; }).on('end', () => {
      if (!where && bad[name]?.elsewhere) { ways[bad[name].elsewhere](response); return; }
      if (!where) { response.writeHead(404); response.end(); return; }
      const right = good[where](`${origin}/${name}`, name, new URLSearchParams(body));
      const { [where]: way } = bad[name] ?? {};
      if (way) (ways[way] ?? way)(response, right, at); else json(response, right);
    });
  });
  server.on('clientError', (error, socket) => socket.destroy());
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `https://localhost:${server.address().port}`;
  return {
    name: 'bad provider',
    bad,
    seen: (name) => seen[name] ?? { bytes: 0, asked: [] },
    authority: (name) => `${origin}/${name}`,
    user,
    /** The browser comes back at once, with a code that is good; `changed` are parameters that are otherwise. */
    async signIn(url, changed = {}) {
      const asked = new URL(url).searchParams;
      const code = randomBytes(20).toString('base64url');
      codes.set(code, asked.get('nonce'));
      const back = new URL(asked.get('redirect_uri'));
      for (const [key, value] of Object.entries({ code, state: asked.get('state'), ...changed })) if (value !== undefined) back.searchParams.set(key, value);
      const page = await request(back.href, { limit: 120_000 });
      return { url: back.href, status: page.status, text: page.bytes.toString() };
    },
    stop: () => new Promise((resolve) => { server.closeAllConnections(); server.close(resolve); }),
  };
}
