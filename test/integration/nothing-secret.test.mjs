// No secret leaves the store and the wire: neither in the log nor in a transcript, in the API's answers or the pages, nor in what a command
// prints, in mail and webhooks about alarms, in the check list's reports and connect's dialogues, also where things go wrong. A run of every flow, over a proxy that reads along: so every token is known that was issued, and any
// twelve characters of one, in whatever encoding, are looked for in all that anybody could read.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import YAML from 'yaml';
import { request } from '../support/browser.mjs';
import { makeCertificates, makeClientCertificate } from '../support/certificates.mjs';
import { addAccount, authorize, beginAuthorization, run, scenario, settled, setUp, startLab, startServer } from '../support/house.mjs';
import { startOverhearingProxy } from '../support/overhearing-proxy.mjs';
import { root, scratchFolder, serve, until } from '../support/scratch.mjs';
import { addOverheard, Secrets } from '../support/secrets.mjs';

const host = 'login.contoso.test';
const people = { sales: 'sales@contoso.test', support: 'support@contoso.test', alex: 'alex@contoso.test', pop: 'pop@contoso.test', branch: 'branch@contoso.test', watch: 'watch@contoso.test' };
const password = 'a password that nobody may read';
const routePassword = 'Route+passw0rd/nobody~shall=see';
const mailboxPassword = 'Mailbox+password/that=nobody~may&read';

/** Every answer that the API gives to GET about what is there now, but raw mails. */
async function everyAnswer(server) {
  const contract = YAML.parse(readFileSync(path.join(root, 'api/openapi.yaml'), 'utf8'));
  const all = async (where) => (await server.api(where)).items;
  const known = {
    applications: (await all('applications')).map((each) => each.name), accounts: (await all('accounts')).map((each) => each.name),
    users: (await all('users')).map((each) => each.name), mailboxes: (await all('mailboxes')).map((each) => each.address),
    cases: (await all('cases')).map((each) => each.number), outbound: (await all('outbound')).map((each) => each.id),
    authorizations: (await Promise.all((await all('accounts')).map((each) => all(`accounts/${each.name}/authorizations`)))).flat().map((each) => each.id),
  };
  const answers = [];
  for (const [template, operations] of Object.entries(contract.paths)) {
    const where = template.replace('/api/v1/', '');
    const [kind] = where.split('/');
    if (!operations.get || !template.startsWith('/api/v1/') || ['events', 'openapi.yaml', 'activities', 'explain', 'session'].includes(kind)) continue;
    for (const name of where.includes('{') ? known[kind] ?? [] : ['']) {
      const filled = where.replace(/\{\w+\}/, encodeURIComponent(name));
      if (!filled.includes('{')) answers.push(JSON.stringify(await server.api(kind === 'audit' ? `${filled}?limit=1000` : filled)));
    }
  }
  return answers;
}

scenario('tokens, credentials and passwords are nowhere to be read', { limit: 240_000 }, async ({ keep, t }) => {
  const lab = await keep(startLab({ host, tenant: { users: ['pop', 'branch', 'watch'].map((name) => ({ upn: people[name], password: 'Postroom-2026' })) } }));
  const { folder, remove } = scratchFolder('certificates');
  await keep({ stop: remove });
  const certificates = makeCertificates(folder, host);
  const proxy = await keep(startOverhearingProxy({ certificates, host, port: Number(new URL(lab.facts.authority).port), ca: lab.anchor }));
  const server = await keep(startServer({
    anchors: [certificates.anchor, lab.facts.anchor],
    configuration: `[log]\nlevel = "debug"\n[net]\nproxy = ${JSON.stringify(proxy.url)}\n`,
  }));
  const secrets = new Secrets();
  const said = [];  // all that anybody could read
  const tell = (...texts) => said.push(...texts.map((text) => (typeof text === 'string' ? text : JSON.stringify(text))));
  const command = async (...args) => {
    const input = typeof args.at(-1) === 'object' ? args.pop().input : undefined;
    const ended = await run([...args, '--socket', server.socket], { input });
    tell(ended.out, ended.err);
    return ended;
  };
  const { imap, pop3, smtp, client_id: clientId, client_secret: clientSecret } = lab.facts;

  // Credentials: a secret, a certificate with its key, a user's password, a mailbox's.
  await setUp(server, { authority: lab.facts.authority, clientId, clientSecret });
  const certificate = makeClientCertificate(folder, 'postroom');
  writeFileSync(path.join(folder, 'both.pem'), certificate.both);
  await lab.api('applications', { client_id: clientId, certificates: [certificate.certificate], app_roles: ['IMAP.AccessAsApp', 'SMTP.SendAsApp'] });
  await command('application', 'add', 'certified', '--cloud', 'custom', '--authority', lab.facts.authority, '--client-id', clientId, '--certificate', path.join(folder, 'both.pem'));
  await command('application', 'credential', 'add', 'certified', '--client-secret-file', '-', { input: `another ${clientSecret}\n` });
  await command('user', 'add', 'anna', '--role', 'system-administrator', '--password-file', '-', { input: `${password}\n` });
  for (const line of certificate.key.split('\n').slice(1, -2).filter(({ length }) => length > 12)) secrets.add('a private key', line);
  for (const [what, secret] of Object.entries({ 'the client secret': clientSecret, 'another client secret': `another ${clientSecret}`, 'a user\'s password': password, 'a mailbox\'s password': mailboxPassword }))
    secrets.add(what, secret);
  secrets.add('the vault\'s key', /\S{20,}/.exec(readFileSync(path.join(server.folder, 'vault.key'), 'utf8'))[0]);

  // Accounts of every kind, each with a transcript.
  for (const name of ['sales', 'support']) await addAccount(server, { user: people[name], imap, smtp });
  const add = async (name, mailbox, ...args) => {
    await command('account', 'add', name, '--department', 'Customer care', '--smtp-host', smtp, ...args);
    await command('mailbox', 'add', mailbox, '--account', name, '--baseline', 'all', '--after', name === 'pop' ? 'leave' : 'move');
  };
  await add('own', people.alex, '--access', 'application', '--kind', 'shared', '--application', 'provider', '--imap-host', imap);
  await add('pop', people.pop, '--application', 'certified', '--user', people.pop, '--retrieval', 'pop3', '--pop3-host', pop3);
  await add('branch', people.branch, '--access', 'password', '--user', people.branch, '--imap-host', imap, '--password-file', '-', { input: `${mailboxPassword}\n` });
  for (const name of ['sales', 'support', 'own', 'pop', 'branch']) await server.command('account', 'transcript', name, 'on');

  // Every flow, and the refusals of some.
  const { enterprise_object_id: principal } = (await lab.api('applications')).find((each) => each.client_id === clientId);
  await lab.api('applications', { client_id: clientId, service_principal: principal });
  await lab.api('mailboxes', { address: people.alex, full_access: [principal], send_as: [principal] });
  const signedIn = await authorize(server, 'sales', people.sales, lab.signIn);
  assert.equal(signedIn.state, 'accepted', signedIn.reason);
  const device = await beginAuthorization(server, 'support', { flow: 'device' });
  await lab.enterCode(device.verification_url, device.user_code, people.support);
  const entered = await settled(server, device.id);
  assert.equal(entered.state, 'accepted', entered.reason);
  const own = await settled(server, (await beginAuthorization(server, 'own', { flow: 'application' })).id);
  assert.equal(own.state, 'accepted', own.reason);
  const certified = await authorize(server, 'pop', people.pop, lab.signIn);
  assert.equal(certified.state, 'accepted', certified.reason);
  tell(entered, own, signedIn.page.text, certified.page.text);
  const wrong = await authorize(server, 'support', people.sales, lab.signIn);
  assert.equal(wrong.state, 'refused');
  await lab.api('faults', { id: 'token-html', times: 1 });
  const broken = await authorize(server, 'sales', people.sales, lab.signIn);
  assert.equal(broken.state, 'refused');
  const used = await request(signedIn.page.url);
  const stray = await request(`${server.url}/oauth/callback?${new URLSearchParams({ state: 'made-up', code: new URL(signedIn.page.url).searchParams.get('code') })}`);
  tell(wrong.page.text, broken.page.text, used.bytes.toString(), stray.bytes.toString());

  // Mail in and out by each; a renewal by each; servers that refuse.
  const { refreshes } = await lab.api('counters');
  for (const name of ['sales', 'support', 'alex', 'pop']) {
    await lab.mail(people[name], `From: a@example.com\r\nTo: ${people[name]}\r\nSubject: a question to ${name}\r\n\r\nWell?\r\n`);
    const { number } = await server.caseAbout(`a question to ${name}`);
    await server.sent((await server.command('case', 'reply', String(number), '--text', 'Well.')).id);
    await lab.api('faults', { id: name === 'pop' ? 'pop3-sign-in-refused' : 'imap-sign-in-refused', scope: people[name], times: 1 });
  }
  await server.end();
  await server.begin();
  await until('three renewals', async () => (await lab.api('counters')).refreshes >= refreshes + 3);
  await lab.api('faults', { id: 'imap-sign-in-refused', scope: people.sales });
  await lab.api('faults', { id: 'smtp-sign-in-refused', scope: people.sales });
  await server.end();
  await server.begin();
  await until('the refusal being told', async () => (await server.mailbox(people.sales)).state === 'backing-off');
  await until('the password being refused', async () => (await server.api('accounts/branch')).state === 'needs-authorization');
  const { number } = await server.caseAbout('a question to sales');
  await server.command('case', 'reply', String(number), '--text', 'And well again.');
  await until('the alarm', async () => (await server.api('alarms')).items.some((each) => each.cause === 'dispatch-refused'));
  // The provider refuses a renewal for good.
  await lab.api('faults', { id: 'refresh-revoked', scope: people.support });
  await lab.api('faults', { id: 'imap-sign-in-refused', scope: people.support, times: 1 });
  await server.end();
  await server.begin();
  await until('the account needing authorization', async () => (await server.api('accounts/support')).state === 'needs-authorization');

  // Sessions and tokens of the console.
  const session = (given) => request(`${server.url}/api/v1/session`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name: 'anna', password: given }) });
  const denied = await session(`${password}?`);
  assert.equal(denied.status, 401);
  const admitted = await session(password);
  assert.equal(admitted.status, 200);
  tell(denied.bytes.toString());
  secrets.add('a session', /postroom-session=([^;]+)/.exec(admitted.headers['set-cookie'][0])[1]);
  secrets.add('an access token', (await server.api('tokens', { name: 'one', scopes: ['cases:read'], user: 'anna' })).secret);

  // Mail and webhooks about alarms; the check list's reports; the dialogues of `postroom connect`.
  const told = [];
  const hook = await keep(serve(http.createServer((asked, answer) => {
    asked.on('data', (bytes) => { told.push(bytes.toString()); }).on('end', () => answer.writeHead(204).end());
  }), []));
  const { secret } = await server.command('webhook', 'add', 'tickets', '--url', `http://${hook.endpoint}/in`, '--event', 'alarm-begins', '--event', 'alarm-reminds', '--event', 'case-opened');
  secrets.add('a webhook\'s secret', secret);
  secrets.add('a route\'s password', routePassword);
  for (const [name, value] of [['alarm-dispatch-refused', 'on'], ['alarm-grant-refresh', 'on'], ['alarm-remind', '1s'], ['alarm-recipients', people.watch]]) await command('settings', 'set', name, value);
  const outside = /Customers' mail: 127\.0\.0\.1:(\d+)/.exec(lab.log())[1];
  await command('alarm', 'route', 'add', '--account', 'support');
  await command('alarm', 'route', 'add', '--server', smtp, '--user', people.sales, '--from', people.sales, '--password-file', '-', { input: `${routePassword}\n` });
  await command('alarm', 'route', 'add', '--server', `localhost:${outside}`, '--security', 'none', '--from', 'postroom@contoso.test');
  await command('alarm', 'test');
  const alarmMail = await until('mail about alarms', async () => {
    const found = (await lab.folder(people.watch)).filter((each) => /alarm (begins|goes on)/.test(each.Subject));
    return found.some((each) => /send/.test(each.Subject)) && found.some((each) => /authorization/.test(each.Subject)) && found;
  }, { limit: 60_000 });
  for (const { uid } of alarmMail) tell((await request(`${lab.facts.page}lab/api/mailboxes/${people.watch}/messages?folder=INBOX&uid=${uid}`)).bytes.toString());
  await until('the webhook', () => told.some((each) => each.includes('dispatch-refused')), { limit: 60_000 });
  tell(...told);
  await command('settings', 'set', 'alarm-remind', '4h');
  for (const args of [['alarm', 'notifications'], ['alarm', 'list'], ['alarm', 'route', 'list'], ['webhook', 'list'], ['webhook', 'deliveries', 'tickets']]) await command(...args);
  for (const format of ['text', 'json', 'html', 'junit']) {
    const report = await command('check', ...(format === 'html' ? ['--send'] : []), '--format', format);
    assert.ok(report.out.length > 2_000, `${format}: ${report.out} ${report.err}`);
  }
  const refreshToken = (await lab.api('refresh-tokens', { users: [people.sales], client_id: clientId, scope: 'https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/POP.AccessAsUser.All https://outlook.office.com/SMTP.Send offline_access' }))[people.sales];
  const token = JSON.parse((await request(`${lab.facts.authority.replace(host, 'localhost')}/oauth2/v2.0/token`, {
    method: 'POST', ca: lab.anchor, headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId, client_secret: clientSecret }).toString(),
  })).bytes).access_token;
  secrets.add('a token for postroom connect', token);
  writeFileSync(path.join(folder, 'token'), token);
  for (const [purpose, where] of Object.entries({ imap, pop3, smtp })) for (const format of ['text', 'json']) {
    const ended = await run(['connect', purpose, where, '--user', people.sales, '--token-file', path.join(folder, 'token'), '--anchor', lab.facts.anchor, '--transcript', '--format', format]);
    tell(ended.out, ended.err);
    assert.match(ended.err, /XOAUTH2/, `${purpose} has a transcript: ${ended.out}`);
  }

  // And by a server of ours, with the token that an account has.
  for (const purpose of ['imap', 'smtp']) {
    const ended = await run(['connect', purpose, '--account', 'sales', '--socket', server.socket, '--transcript', '--format', 'json']);
    tell(ended.out, ended.err);
    assert.match(ended.err, /XOAUTH2/, `${purpose} has a transcript: ${ended.out}`);
  }

  const answers = await everyAnswer(server);
  assert.ok(answers.length > 40, `${answers.length} answers`);
  tell(...answers);
  for (const name of ['sales', 'support', 'own', 'pop', 'branch']) for (const what of ['show', 'rights']) await command('account', what, name);
  for (const args of [['application', 'show', 'provider'], ['application', 'show', 'certified'], ['application', 'credential', 'list', 'certified'], ['settings', 'get'], ['outbound', 'list']]) await command(...args);
  const transcripts = path.join(server.folder, 'transcripts');
  const files = readdirSync(transcripts).map((name) => readFileSync(path.join(transcripts, name), 'latin1'));
  for (const each of [/AUTHENTICATE XOAUTH2/, /AUTH XOAUTH2/, /AUTHENTICATE PLAIN|LOGIN/, /a question to sales/]) assert.ok(files.some((text) => each.test(text)), `no transcript holds ${each}`);
  await server.end();
  tell(...files, server.log());
  assert.match(server.log(), /^\S+ warning nobody can sign in to the console yet/, 'the whole log was kept, from its first line on');

  addOverheard(secrets, proxy.overheard);
  const heard = proxy.overheard.map((each) => each.request).join('\n');
  for (const each of ['authorization_code', 'refresh_token', 'client_credentials', 'device_code', 'client_assertion=', 'code_verifier=']) assert.ok(heard.includes(each), `nobody sent ${each}`);
  secrets.prove();
  const all = said.join('\n');
  const found = secrets.find(all);
  assert.ok(!found, `${found?.what}: ${found?.around}`);
  t.diagnostic(`${secrets.count} secrets in ${all.length} characters, ${files.length} transcripts and ${answers.length} answers of the API among them`);
  // At rest, too: the store's files hold none of them in the clear.
  const store = path.join(server.folder, 'store');
  for (const name of readdirSync(store)) {
    const stored = secrets.find(readFileSync(path.join(store, name), 'latin1'));
    assert.ok(!stored, `${name}: ${stored?.what}: ${stored?.around}`);
  }
});
