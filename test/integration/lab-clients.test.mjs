// The lab is judged by clients that nobody here wrote: Microsoft's MSAL gets tokens of its identity provider, and with these Python's
// imaplib, poplib and smtplib, curl, mbsync, imapflow and nodemailer read and send mail. docs/lab.md lists what can't be done.
//
// Mutation of the lab under which it was seen to fail: lab/token-endpoint.cpp knows only RFC 8628's name of the device code's grant type, as
// it did: MSAL gets none.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import readline from 'node:readline';
import { promisify } from 'node:util';
import { ImapFlow } from 'imapflow';
import nodemailer from 'nodemailer';
import { request } from '../support/browser.mjs';
import { makeClientCertificate } from '../support/certificates.mjs';
import { run, scenario, startLab } from '../support/house.mjs';
import { root, scratchFolder, serve, start, stop, until } from '../support/scratch.mjs';

const sales = 'sales@contoso.test';
const support = 'support@contoso.test';
const mail = ['Grüße', '.a line that begins with a dot', '.', 'and one of '.padEnd(990, 'x')].join('\r\n');
const question = Buffer.from(`From: Ann <ann@example.com>\r\nTo: ${sales}\r\nSubject: Which size?\r\nMessage-ID: <size@example.com>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n${mail}\r\n`);
const clients = path.join(root, 'test/support/clients');
const runs = promisify(execFile);
const places = {
  imap: 'https://outlook.office.com/IMAP.AccessAsUser.All', pop3: 'https://outlook.office.com/POP.AccessAsUser.All', smtp: 'https://outlook.office.com/SMTP.Send',
};
const portOf = (endpoint) => Number(endpoint.split(':').at(-1));

/** MSAL in a process of its own: its call by name. */
function startMsal(facts, given) {
  const child = start(process.execPath, [path.join(clients, 'msal.mjs'), JSON.stringify(given)], {
    stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, NODE_EXTRA_CA_CERTS: facts.anchor },
  });
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const hear = async () => {
    const { value, done } = await lines.next();
    assert.ok(!done, `MSAL has ended: ${child.output}`);
    return JSON.parse(value);
  };
  return {
    name: 'MSAL', hear,
    ask(call, more = {}) {
      child.stdin.write(`${JSON.stringify({ call, ...more })}\n`);
      return hear();
    },
    stop: () => stop(child),
  };
}

/** A tenant, an application that comes back to `redirect`, and MSAL. */
async function open({ keep }) {
  const lab = await keep(startLab());
  const arrived = [];
  const page = await keep(serve(http.createServer((request, response) => {
    arrived.push(new URL(request.url, 'http://localhost').searchParams);
    response.end('Close this window.');
  }), []));
  const redirect = `http://${page.endpoint}/signed-in`;
  const { facts } = lab;
  const publicClientId = '7f3c1f1e-5a0e-4f2d-8c57-2b9d6d2d7a11';
  await lab.api('applications', { client_id: facts.client_id, redirect_uris: [redirect], app_roles: ['IMAP.AccessAsApp'] });
  await lab.api('applications', { client_id: publicClientId, name: 'Devices', public_client: true, admin_consent: true });
  const { host } = new URL(facts.authority);
  const msal = await keep(startMsal(facts, {
    auth: { clientId: facts.client_id, clientSecret: facts.client_secret, authority: facts.authority, knownAuthorities: [host] }, publicClientId,
  }));
  const signIn = async (user, scopes, more = {}) => {
    const { url, error } = await msal.ask('url', { scopes, redirectUri: redirect, prompt: 'login', loginHint: user, state: 'mine', ...more });
    assert.ok(url, JSON.stringify(error));
    await lab.signIn(url, user);
    const answer = arrived.at(-1);
    assert.equal(answer.get('state'), 'mine');
    assert.ok(answer.get('code'), String(answer));
    return msal.ask('code', { code: answer.get('code'), scopes, redirectUri: redirect });
  };
  return { lab, facts, msal, signIn, redirect };
}

const claims = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url'));

/** Mail that a customer received with this subject, as it is; there is one. */
async function received(lab, subject) {
  const all = await lab.api('outside');
  const found = all.filter((each) => each.Subject === subject);
  assert.equal(found.length, 1, `${subject}: ${JSON.stringify(all)}`);
  return (await request(`${lab.facts.page}lab/api/outside/${found[0].id}`)).bytes.toString();
}

scenario('MSAL gets tokens by code, silently, by device and for an application, and says what is refused', { limit: 60_000 }, async (test) => {
  const { keep } = test;
  const { lab, facts, msal, signIn } = await open(test);
  const scopes = [places.imap, places.smtp];
  const ofGraph = ['https://graph.microsoft.com/User.Read'];
  const first = await signIn(sales, scopes, { extraScopesToConsent: ofGraph });
  assert.equal(first.error, undefined, JSON.stringify(first.error));
  assert.equal(first.username, sales);
  assert.equal(claims(first.accessToken).upn, sales);
  assert.ok(facts.authority.endsWith(first.tenant));
  assert.equal((await msal.ask('silent', { username: sales, scopes })).accessToken, first.accessToken, 'kept by MSAL');
  const renewed = await msal.ask('silent', { username: sales, scopes, forceRefresh: true });
  assert.equal(renewed.error, undefined, JSON.stringify(renewed.error));
  assert.notEqual(renewed.accessToken, first.accessToken);

  // One refresh token is good for another resource that was consented to.
  const graph = await msal.ask('silent', { username: sales, scopes: ofGraph });
  assert.equal(graph.error, undefined, JSON.stringify(graph.error));
  const licences = await request(`${new URL(facts.authority).origin}/v1.0/me/licenseDetails`, { ca: lab.anchor, headers: { authorization: `Bearer ${graph.accessToken}` } });
  assert.equal(JSON.parse(licences.bytes).value[0].skuPartNumber, 'ENTERPRISEPACK');

  const asked = msal.ask('device', { scopes });
  const { code } = await asked;
  assert.match(code.message, new RegExp(code.userCode));
  await lab.enterCode(code.verificationUri, code.userCode, support);
  const device = await msal.hear();
  assert.equal(device.error, undefined, JSON.stringify(device.error));
  assert.equal(claims(device.accessToken).upn, support);

  const application = await msal.ask('application', { scopes: ['https://outlook.office365.com/.default'] });
  assert.equal(application.error, undefined, JSON.stringify(application.error));
  assert.deepEqual(claims(application.accessToken).roles, ['IMAP.AccessAsApp']);

  const { folder, remove } = scratchFolder('certificate');
  await keep({ stop: remove });
  const proof = makeClientCertificate(folder, 'msal');
  await lab.api('applications', { client_id: facts.client_id, certificates: [proof.certificate] });
  const clientCertificate = { thumbprintSha256: new X509Certificate(proof.certificate).fingerprint256.replaceAll(':', ''), privateKey: proof.key };
  const certified = await msal.ask('certified', { scopes: ['https://outlook.office365.com/.default'], clientCertificate });
  assert.equal(certified.error, undefined, JSON.stringify(certified.error));
  assert.equal(claims(certified.accessToken).idtyp, 'app');
  const stranger = makeClientCertificate(folder, 'stranger');
  const unknown = await msal.ask('certified', { scopes: ['https://outlook.office365.com/.default'], clientCertificate: { ...clientCertificate, privateKey: stranger.key } });
  assert.match(unknown.error?.message, /AADSTS700027/, JSON.stringify(unknown));

  await lab.api('faults', { id: 'refresh-revoked', scope: sales });
  const revoked = await msal.ask('silent', { username: sales, scopes, forceRefresh: true });
  assert.equal(revoked.error?.name, 'InteractionRequiredAuthError', JSON.stringify(revoked));
  assert.match(revoked.error.message, /AADSTS50173/);
  await lab.api('faults', { id: 'client-secret-wrong' });
  const refused = await msal.ask('application', { scopes: ['https://outlook.office365.com/.default'], skipCache: true });
  assert.equal(refused.error?.code, 'invalid_client', JSON.stringify(refused));
  assert.match(refused.error.message, /AADSTS7000215/);
});

async function imapflowReads({ keep }, lab, token, frontEnd) {
  const flow = new ImapFlow({ host: 'localhost', port: portOf(lab.facts.imap), secure: true, auth: { user: sales, accessToken: token }, tls: { ca: lab.anchor }, logger: false });
  await flow.connect();
  await keep({ stop: () => flow.close() });
  // Until 1.6 it asks for LSUB, which that front end does not know: so it was with Exchange Online, too.
  if (frontEnd === 1) return assert.rejects(flow.list(), { responseText: 'Command Error. 10' });
  assert.equal((await flow.list()).find((each) => each.specialUse === '\\Sent')?.name, 'Sent Items');
  const lock = await flow.getMailboxLock('INBOX');
  const [uid] = await flow.search({ subject: 'Which size' }, { uid: true });
  const got = await flow.fetchOne(uid, { source: true, envelope: true, bodyStructure: true, flags: true }, { uid: true });
  assert.ok(got.source.equals(question));
  assert.equal(got.envelope.messageId, '<size@example.com>');
  assert.equal(got.bodyStructure.type, 'text/plain');
  assert.ok(await flow.messageFlagsAdd(uid, ['\\Seen'], { uid: true }));
  await flow.mailboxCreate('Done');
  assert.ok(await flow.messageMove(uid, 'Done', { uid: true }));
  let exists = false;
  flow.on('exists', () => { exists = true; });
  const idle = flow.idle();
  await until('the mail being told of while it waits', async () => {
    await lab.mail(sales, 'Subject: news\r\n\r\nHello\r\n');
    return exists;
  }, { pause: 500 });
  lock.release();
  await flow.logout();
  return idle;
}

for (const [frontEnd, words] of ['', ', from the front end of 2026'].entries()) scenario(`Python, curl, mbsync, imapflow and nodemailer read and send with MSAL's token${words}`, { limit: 90_000 }, async (test) => {
  const { keep, t } = test;
  const { lab, facts, signIn } = await open(test);
  await lab.api('settings', { imap_front_end: frontEnd });
  const { folder, remove } = scratchFolder('clients');
  await keep({ stop: remove });
  const { accessToken: token, error } = await signIn(sales, Object.values(places));
  assert.ok(token, JSON.stringify(error));
  await lab.mail(sales, question);
  const isQuestion = (text) => Buffer.from(text, 'latin1').equals(question);
  const answer = (by) => `From: Sales <${sales}>\r\nTo: ann@example.com\r\nSubject: From ${by}\r\nMessage-ID: <${by}@contoso.test>\r\n\r\n.It is 42.\r\n..\r\n`;
  const came = async (by) => assert.match(await received(lab, `From ${by}`), /\r\n\r\n\.It is 42\.\r\n\.\.\r\n$/, by);

  const python = runs('python3', [path.join(clients, 'mail.py')]);
  python.child.stdin.end(JSON.stringify({
    ca: facts.anchor, imap: portOf(facts.imap), pop3: portOf(facts.pop3), smtp: portOf(facts.smtp), user: sales, token, to: 'ann@example.com', mail: answer('Python'),
  }));
  const by = JSON.parse((await python).stdout);
  assert.ok(isQuestion(by.imap.mail), by.imap.mail);
  assert.match(by.imap.flags, /\\Flagged/);
  assert.equal(by.imap.copied, 'OK');
  assert.ok(by.imap.folders.some((each) => /INBOX/.test(each)) && by.imap.folders.some((each) => /Sent/.test(each)), String(by.imap.folders));
  assert.deepEqual(by.pop3.sasl, ['PLAIN', 'XOAUTH2']);
  assert.equal(by.pop3.count, 2);
  assert.ok(by.pop3.mails.some((each) => isQuestion(`${each}\r\n`)));
  assert.ok(by.pop3.head.some((each) => /^Subject: Which size/.test(each)));
  assert.deepEqual(by.smtp.refused, {});
  await came('Python');
  assert.match(by.refusals.imap, /AUTHENTICATE failed/);
  assert.match(by.refusals.pop3, /Authentication failure/);
  assert.match(by.refusals.smtp, /^535 5\.7\.3 Authentication unsuccessful/);

  const curl = (...args) => runs('curl', ['--silent', '--show-error', '--cacert', facts.anchor, '--user', sales, '--oauth2-bearer', token, '--login-options', 'AUTH=XOAUTH2', ...args], { encoding: 'latin1' });
  const [imap, pop3, smtp] = ['imap', 'pop3', 'smtp'].map((each) => `localhost:${portOf(facts[each])}`);
  assert.ok(isQuestion((await curl(`imaps://${imap}/INBOX;MAILINDEX=1`)).stdout));
  assert.match((await curl(`imaps://${imap}/`)).stdout, /LIST \(.*\) .*INBOX/);
  assert.ok(isQuestion((await curl(`pop3s://${pop3}/1`)).stdout));
  writeFileSync(path.join(folder, 'answer'), answer('curl'));
  await curl('--ssl-reqd', '--mail-from', sales, '--mail-rcpt', 'ann@example.com', '--upload-file', path.join(folder, 'answer'), `smtp://${smtp}`);
  await came('curl');

  writeFileSync(path.join(folder, 'token'), token);
  writeFileSync(path.join(folder, 'mbsyncrc'), `IMAPAccount lab
Host localhost
Port ${portOf(facts.imap)}
SSLType IMAPS
CertificateFile ${facts.anchor}
AuthMechs XOAUTH2
User ${sales}
PassCmd "cat ${folder}/token"

IMAPStore remote
Account lab

MaildirStore local
Path ${folder}/
Inbox ${folder}/INBOX

Channel lab
Far :remote:
Near :local:
Create Near
Sync All
SyncState *
`);
  const mbsync = () => runs('mbsync', ['-q', '-c', path.join(folder, 'mbsyncrc'), 'lab']);
  const maildir = (kind) => readdirSync(path.join(folder, 'INBOX', kind)).map((name) => [name, readFileSync(path.join(folder, 'INBOX', kind, name), 'latin1')]);
  await mbsync();
  const kept = [...maildir('new'), ...maildir('cur')].map(([, raw]) => raw.replace(/^X-TUID: .*\n/m, '').replaceAll('\n', '\r\n'));
  assert.ok(kept.some(isQuestion), kept.join('\n---\n'));
  writeFileSync(path.join(folder, 'INBOX/new/1.mine'), 'Subject: put here by mbsync\n\nHello\n');
  await mbsync();
  assert.ok((await lab.folder(sales)).some((each) => each.Subject === 'put here by mbsync'));

  await imapflowReads(test, lab, token, frontEnd);

  const transport = (accessToken) => nodemailer.createTransport({
    host: 'localhost', port: portOf(facts.smtp), secure: false, requireTLS: true, tls: { ca: lab.anchor }, auth: { type: 'OAuth2', user: sales, accessToken },
  });
  const sent = await transport(token).sendMail({ raw: answer('nodemailer'), envelope: { from: sales, to: ['ann@example.com'] } });
  assert.match(sent.response, /^250 2\.0\.0 OK/);
  await came('nodemailer');
  await assert.rejects(transport('no.such.token').sendMail({ raw: answer('nobody'), envelope: { from: sales, to: ['ann@example.com'] } }), /535 5\.7\.3/);
  t.diagnostic(`${(await lab.folder(sales, 'Sent Items')).length} mails in Sent Items`);
});

/** As much of Postroom's API as `lab break alarm-notification/no-route` asks: two routes, of which the second can't be removed. */
async function startHalfAServer(folder) {
  const account = { name: 'sales', department: 'Sales', application: 'provider', retrieval: 'imap', retrieval_server: 'localhost:993', submission_server: 'localhost:587' };
  const routes = ['first', 'second'].map((id) => ({ id, account: '', server: `${id}.example:587`, sender: 'a@b.example', security: 'starttls', user: '', has_password: false }));
  const said = {
    '/api/v1/accounts': { items: [account], next: null }, '/api/v1/settings/external-url': { value: 'https://localhost:8080' },
    '/api/v1/applications/provider': { client_id: 'nobody' }, '/api/v1/alarm-routes': { items: routes, next: null },
  };
  const changes = [];
  const server = http.createServer((asked, answer) => {
    const pieces = [];
    asked.on('data', (piece) => pieces.push(piece)).on('end', () => {
      const { pathname } = new URL(asked.url, 'http://localhost');
      if (asked.method !== 'GET') changes.push(`${asked.method} ${pathname} ${Buffer.concat(pieces)}`.trim());
      const refused = asked.method === 'DELETE' && pathname.endsWith('second');
      answer.writeHead(refused ? 409 : asked.method === 'GET' && !said[pathname] ? 404 : 200, { 'content-type': 'application/json' });
      answer.end(JSON.stringify(refused ? { error: 'conflict', message: 'it stays' } : said[pathname] ?? { id: 'new' }));
    });
  });
  const socket = path.join(folder, 'half.sock');
  await new Promise((resolve) => server.listen(socket, resolve));
  return { socket, changes, stop: () => new Promise((resolve) => server.close(resolve)) };
}

scenario('what `lab break` has begun in Postroom is put back where the rest is refused', {}, async ({ keep }) => {
  const lab = await keep(startLab());
  const { folder, remove } = scratchFolder('half');
  await keep({ stop: remove });
  const half = await keep(startHalfAServer(folder));
  const ended = await run(['lab', 'break', 'alarm-notification/no-route', '--lab', lab.facts.page.replace(/\/$/, ''), '--socket', half.socket]);
  assert.notEqual(ended.code, 0);
  assert.match(ended.err, /it stays/);
  assert.deepEqual(half.changes, [
    'DELETE /api/v1/alarm-routes/first', 'DELETE /api/v1/alarm-routes/second',
    'POST /api/v1/alarm-routes {"server":"first.example:587","sender":"a@b.example","security":"starttls"}',
  ]);
  assert.deepEqual((await lab.api('ways')).broken, []);
});
