// Identity providers that are wrong, as a whole or in one answer: each is waited for and read within bounds, refused in words that say what
// it did, and disturbs nobody else. What comes back to the redirect URL is as suspect: it is answered by a page, and leaves an audit entry.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { makeForeignJwt, makeJwt, startBadProvider, ways } from '../support/bad-provider.mjs';
import { plain, request } from '../support/browser.mjs';
import { makeCertificates } from '../support/certificates.mjs';
import { authorize, scenario, startServer } from '../support/house.mjs';
import { freePort, scratchFolder, until } from '../support/scratch.mjs';

const hour = 3_600;
const shifted = (claims, by) => makeJwt({ ...claims, iat: claims.iat + by, exp: claims.exp + by });

// Beginning needs the configuration: the answer is a problem of 502 or 504, and no authorization.
const atTheBeginning = {
  'configuration-html': { bad: { configuration: 'html' }, says: /configuration at https:\S+ is a web page, not JSON; a proxy in between/ },
  'configuration-nothing': { bad: { configuration: 'nothing' }, says: /call to localhost:\d+ failed/ },
  'configuration-empty': { bad: { configuration: 'empty' }, says: /is empty/ },
  'configuration-slow': { bad: { configuration: 'slow' }, says: /timed out after 2\d{4} milliseconds/, status: 504 },
  'configuration-endless': { bad: { configuration: 'endless' }, says: /longer than the 1048576 bytes that are taken/ },
  'configuration-headers': { bad: { configuration: 'headers' }, says: /longer than/ },
  'configuration-redirect': { bad: { configuration: 'redirect' }, says: /HTTP 302/ },
  'configuration-truncated': { bad: { configuration: 'truncated' }, says: /is not JSON \(incomplete/ },
  'configuration-nested': { bad: { configuration: 'nested' }, says: /is not JSON \(too deep/ },
  'configuration-busy': { bad: { configuration: 'busy' }, says: /in trouble; try again later.*HTTP 503/ },
};

// Then the browser comes back, and the token endpoint or the keys are wrong: the authorization is refused, and the page says why.
const onReturn = {
  'token-html': { bad: { token: 'html' }, says: /no usable answer \(HTTP 200\).*web page/ },
  'token-nothing': { bad: { token: 'nothing' }, says: /call to localhost:\d+ failed/ },
  'token-empty': { bad: { token: 'empty' }, says: /answer is empty/ },
  'token-slow': { bad: { token: 'slow' }, says: /timed out after 3\d{4} milliseconds/ },
  'token-endless': { bad: { token: 'endless' }, says: /longer than the 1048576 bytes that are taken/ },
  'token-headers': { bad: { token: 'headers' }, says: /longer than/ },
  'token-redirect': { bad: { token: 'redirect' }, says: /HTTP 302/ },
  'token-truncated': { bad: { token: 'truncated' }, says: /is not JSON \(incomplete/ },
  'token-nested': { bad: { token: 'nested' }, says: /is not JSON \(too deep/ },
  'token-error-in-200': { bad: { token: 'errorIn200' }, says: /invalid_grant: The code is not known/ },
  'token-refused': { bad: { token: 'refused' }, says: /invalid_grant: The code is not known/ },
  'token-busy': { bad: { token: 'busy' }, says: /temporarily_unavailable/ },
  'keys-html': { bad: { keys: 'html' }, says: /key set is a web page/ },
  'keys-slow': { bad: { keys: 'slow' }, says: /timed out after 3\d{4} milliseconds/ },  // asked twice
  'keys-endless': { bad: { keys: 'endless' }, says: /longer than the 1048576 bytes that are taken/ },
  'id-token-none': { bad: { idToken: (claims) => makeJwt(claims, { alg: 'none' }) }, says: /signed by "none"/ },
  'id-token-foreign': { bad: { idToken: (claims) => makeForeignJwt(claims) }, says: /signature is not the provider's/ },
  'id-token-unknown-key': { bad: { idToken: (claims) => makeForeignJwt(claims, { kid: 'two' }) }, says: /has published no key "two"/ },
  'id-token-audience': { bad: { idToken: (claims) => makeJwt({ ...claims, aud: 'another' }) }, says: /audience.*another.*postroom/ },
  'id-token-issuer': { bad: { idToken: (claims) => makeJwt({ ...claims, iss: 'https://elsewhere.test' }) }, says: /issuer.*elsewhere\.test/ },
  'id-token-nonce': { bad: { idToken: (claims) => makeJwt({ ...claims, nonce: 'another' }) }, says: /nonce/ },
  'id-token-no-nonce': { bad: { idToken: (claims) => makeJwt({ ...claims, nonce: undefined }) }, says: /nonce/ },
  'id-token-ahead': { bad: { idToken: (claims) => shifted(claims, hour) }, says: /clock.*differ by (59|60) minutes.*forward/ },
  'id-token-behind': { bad: { idToken: (claims) => shifted(claims, -hour - 600) }, says: /clock.*differ by (69|70) minutes.*back/ },
  'id-token-nonsense': { bad: { idToken: () => 'a.b' }, says: /no JSON web token/ },
  'id-token-nobody': { bad: { idToken: (claims) => makeJwt({ ...claims, sub: undefined }) }, says: /nobody/ },
  'id-token-missing': { bad: { idToken: () => undefined }, says: /no id token.*openid/ },
};

// What is odd, and does no harm.
const accepted = {
  right: { bad: {} },
  'other-type': { bad: { token: 'otherType' } },
  'page-for-everything': { bad: { elsewhere: 'html' } },
  'keys-at-the-second-try': { bad: { keys: (response, good, seen) => ways[seen.asked.filter(({ where }) => where === 'keys').length === 1 ? 'nothing' : 'good'](response, good) } },
};

/** The most memory that a process has had, in MiB. */
const peak = (pid) => Number(/VmHWM:\s*(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

async function aServer(keep) {
  const { folder, remove } = scratchFolder('certificates');
  await keep({ stop: remove });
  const certificates = makeCertificates(folder);
  const server = await keep(startServer({ anchors: [certificates.anchor] }));
  await server.command('settings', 'set', 'external-url', server.url);
  await server.command('department', 'add', 'Customer care');
  return { certificates, server };
}

/** An application of this provider, and an account that nothing listens for: that can't be told, and rejects nothing. */
async function addProvider(server, provider, name) {
  const nowhere = `127.0.0.1:${await freePort()}`;
  await server.api('applications', { name, cloud: 'custom', authority: provider.authority(name), client_id: 'postroom', client_secret: 'a secret of no worth' });
  await server.api('accounts', { name, department: 'Customer care', application: name, user: provider.user(name), imap_host: nowhere, smtp_host: nowhere });
}

scenario('a provider that is wrong is refused in words, within bounds, and disturbs nobody', { limit: 180_000 }, async ({ keep, t }) => {
  const { certificates, server } = await aServer(keep);
  const all = { ...atTheBeginning, ...onReturn, ...accepted };
  const provider = await keep(startBadProvider({ certificates, bad: Object.fromEntries(Object.entries(all).map(([name, { bad }]) => [name, bad])) }));
  for (const name of Object.keys(all)) await addProvider(server, provider, name);
  const before = peak(server.child.pid);

  const begin = async ([name, { says, status = 502 }]) => {
    const began = Date.now();
    const answer = await request(`/api/v1/accounts/${name}/authorizations`, {
      socketPath: server.socket, method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"flow":"code"}',
    });
    const problem = JSON.parse(answer.bytes);
    t.diagnostic(`${name} (${Date.now() - began} ms): ${problem.detail}`);
    assert.ok(Date.now() - began < 120_000, `${name} took ${Date.now() - began} ms`);
    assert.equal(answer.status, status, `${name}: ${answer.bytes}`);
    assert.match(problem.detail, says, name);
    assert.ok(problem.detail.length < 2_000, name);
  };
  const comeBack = async ([name, { says }]) => {
    const began = Date.now();
    const outcome = await authorize(server, name, provider.user(name), (url) => provider.signIn(url));
    t.diagnostic(`${name} (${Date.now() - began} ms): ${outcome.reason}`);
    assert.ok(Date.now() - began < 180_000, `${name} took ${Date.now() - began} ms`);
    assert.equal(outcome.state, 'refused', name);
    assert.match(outcome.reason, says, name);
    assert.ok(outcome.reason.length < 2_000, name);
    assert.equal(outcome.page.status, 400, `${name}: ${outcome.page.text}`);
    assert.match(plain(outcome.page.text), says, name);
    assert.equal((await server.api(`accounts/${name}`)).grant, null, name);
  };
  const goOn = async ([name]) => {
    const outcome = await authorize(server, name, provider.user(name), (url) => provider.signIn(url));
    assert.equal(outcome.state, 'accepted', `${name}: ${outcome.reason}`);
    assert.equal((await server.api(`accounts/${name}`)).grant.user_name, provider.user(name));
  };
  // All at once: one that dawdles holds nobody up.
  const ends = await Promise.allSettled([...Object.entries(atTheBeginning).map(begin), ...Object.entries(onReturn).map(comeBack), ...Object.entries(accepted).map(goOn)]);
  assert.equal(ends.filter(({ status }) => status === 'rejected').map(({ reason }) => reason.message).join('\n\n'), '');

  for (const name of Object.keys(all)) {
    const { bytes, asked } = provider.seen(name);
    assert.ok(bytes < 12 * 1024 * 1024, `${name} could send ${bytes} bytes`);
    assert.ok(asked.filter(({ where }) => where === 'token').length <= 1, `${name}: a code was sent twice`);
  }
  assert.equal(provider.seen('elsewhere').asked.length, 0, 'a redirect was followed');
  const grown = peak(server.child.pid) - before;
  t.diagnostic(`the server grew by ${grown.toFixed(1)} MiB`);
  assert.ok(grown < 200, `${grown} MiB`);

  // Each refusal is in the audit trail, with its account.
  const { items } = await server.api('audit?limit=1000');
  for (const name of Object.keys(onReturn))
    assert.ok(items.some((each) => each.what === 'grant.refuse' && each.on === name), `no audit entry of ${name}: ${JSON.stringify(items.slice(0, 3))}`);
});

// What a renewal may meet. Trouble is tried again, and the account stays as it is; a refusal needs a person, and the grant is kept.
const onRenewal = {
  'renewal-html': { way: 'html', says: /web page/ },
  'renewal-nothing': { way: 'nothing', says: /call to localhost:\d+ failed/ },
  'renewal-empty': { way: 'empty', says: /answer is empty/ },
  'renewal-endless': { way: 'endless', says: /longer than the 1048576 bytes/ },
  'renewal-truncated': { way: 'truncated', says: /is not JSON/ },
  'renewal-busy': { way: 'busy', says: /temporarily_unavailable/, pause: 12_000 },
  'renewal-refused': { way: 'refused', says: /invalid_grant: The code is not known/, refused: true },
  'renewal-error-in-200': { way: 'errorIn200', says: /invalid_grant: The code is not known/, refused: true },
};

scenario('a renewal that meets trouble is tried again, and one that is refused is told', { limit: 120_000 }, async ({ keep, t }) => {
  const { certificates, server } = await aServer(keep);
  const provider = await keep(startBadProvider({ certificates, bad: {} }));
  for (const name of Object.keys(onRenewal)) {
    await addProvider(server, provider, name);
    const outcome = await authorize(server, name, provider.user(name), (url) => provider.signIn(url));
    assert.equal(outcome.state, 'accepted', outcome.reason);
  }
  // As if their tokens were about to end.
  await server.end();
  for (const [name, { way }] of Object.entries(onRenewal)) provider.bad[name] = { token: way };
  execFileSync('sqlite3', [path.join(server.folder, 'store/postroom.db'), `UPDATE account_grant SET access_token_ends = ${Date.now() + 30_000}`]);
  await server.begin();

  const renewals = (name) => provider.seen(name).asked.filter(({ where }) => where === 'token').slice(1);
  for (const [name, { says, refused, pause }] of Object.entries(onRenewal)) {
    const { state, grant, causes } = await until(`the trouble of ${name}`, async () => {
      const now = await server.api(`accounts/${name}`);
      return now.grant.trouble && now;
    });
    t.diagnostic(`${name}: ${grant.trouble}`);
    assert.match(grant.trouble, says, name);
    assert.equal(state, refused ? 'needs-authorization' : 'ready', name);
    assert.equal(grant.refusals, refused ? 1 : 0, name);
    const wait = Date.parse(grant.next_try) - Date.now();
    assert.ok(refused ? wait > 50 * 60_000 && wait < 61 * 60_000 : wait < 60_000, `${name}: the next try is in ${wait} ms`);
    // Where this looks late, it was sent again, half the first back-off of 5 s later or more.
    const times = renewals(name).map((each) => each.when);
    assert.ok(times.every((each, at) => at === 0 || each - times[at - 1] >= 2_400), `${name}: a refresh token was sent more than once before anybody was told: ${times}`);
    if (refused) assert.equal(times.length, 1, name);
    if (refused) assert.ok(causes.length > 0, `${name}: the catalogue knows it`);
    if (pause) assert.ok(Date.parse(grant.next_try) >= renewals(name)[0].when + pause, `${name}: Retry-After is not kept`);
    provider.bad[name] = {};
  }
  for (const [name, { refused, pause }] of Object.entries(onRenewal)) {
    if (refused) continue;
    const { grant } = await until(`${name} being renewed`, async () => {
      const now = await server.api(`accounts/${name}`);
      return now.grant.trouble === '' && now;
    }, { limit: 60_000 });
    assert.equal(grant.failures, 0);
    const [first, second] = renewals(name);
    if (pause) assert.ok(second.when - first.when >= pause, `${name} was asked again after ${second.when - first.when} ms`);
  }
});
