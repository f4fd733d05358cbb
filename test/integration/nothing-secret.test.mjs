// No secret leaves the store and the wire: neither in the log nor in a transcript, in the API's answers or the pages, nor in what a
// command prints, also where things go wrong.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { request } from '../support/browser.mjs';
import { addAccount, authorize, run, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { until } from '../support/scratch.mjs';

const sales = 'sales@contoso.test';
const password = 'a password that nobody may read';

scenario('tokens, client secrets and passwords are nowhere to be read', { limit: 90_000 }, async ({ keep, t }) => {
  const lab = await keep(startLab());
  const server = await keep(startServer({ anchors: [lab.facts.anchor], configuration: '[log]\nlevel = "debug"\n' }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  await server.command('user', 'add', 'anna', '--role', 'system-administrator', '--password-file', '-', { input: `${password}\n` });
  await addAccount(server, { user: sales, imap: lab.facts.imap, smtp: lab.facts.smtp });
  await server.command('account', 'transcript', 'sales', 'on');
  const said = [];  // all that anybody could read
  const outcome = await authorize(server, 'sales', sales, lab.signIn);
  assert.equal(outcome.state, 'accepted');
  said.push(outcome.page.text, JSON.stringify(await server.api('accounts/sales')));

  await lab.mail(sales, `From: a@example.com\r\nTo: ${sales}\r\nSubject: a question\r\n\r\nWell?\r\n`);
  const { number } = await server.caseAbout('a question');
  await server.sent((await server.command('case', 'reply', String(number), '--text', 'Well.')).id);

  // Refusals carry words of ours and theirs; a wrong sign-in, a wrong password, a used code, a provider that breaks.
  await lab.api('faults', { id: 'imap-sign-in-refused', scope: sales });
  await lab.api('faults', { id: 'smtp-sign-in-refused', scope: sales });
  await server.end();
  await server.begin();
  await until('the refusal being told', async () => (await server.mailbox(sales)).state === 'backing-off');
  await server.command('case', 'reply', String(number), '--text', 'And well again.');
  await until('the alarm', async () => (await server.api('alarms')).items.some((each) => each.cause === 'dispatch-refused'));
  await lab.api('faults', { id: 'token-html' });
  const broken = await authorize(server, 'sales', sales, lab.signIn);
  assert.equal(broken.state, 'refused');
  const used = await request(outcome.page.url);
  const denied = await request(`${server.url}/api/v1/session`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name: 'anna', password: `${password}?` }),
  });
  assert.equal(denied.status, 401);
  const admitted = await request(`${server.url}/api/v1/session`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name: 'anna', password }),
  });
  assert.equal(admitted.status, 200);
  const cookie = /postroom-session=([^;]+)/.exec(admitted.headers['set-cookie'][0])[1];
  said.push(used.bytes.toString(), denied.bytes.toString(), admitted.bytes.toString(), broken.page.text, broken.reason);
  for (const where of ['accounts', 'applications', 'mailboxes', 'outbound', 'alarms', 'audit?limit=1000', 'users', 'settings', 'exceptions', `cases/${number}`])
    said.push(JSON.stringify(await server.api(where)));
  for (const args of [['account', 'show', 'sales'], ['application', 'show', 'provider'], ['settings', 'get'], ['outbound', 'list']]) {
    const { out, err } = await run([...args, '--socket', server.socket]);
    said.push(out, err);
  }
  const transcripts = path.join(server.folder, 'transcripts');
  const files = readdirSync(transcripts).map((name) => readFileSync(path.join(transcripts, name), 'latin1'));
  assert.ok(files.some((text) => /AUTHENTICATE XOAUTH2|AUTH XOAUTH2/.test(text)), 'the transcripts hold the sign-ins');
  assert.ok(files.some((text) => /a question/.test(text)), 'and the rest of what was said');
  await server.end();
  said.push(...files, server.log());
  const all = said.join('\n');

  // The lab's tokens begin with eyJ (JWT) or are sealed; in XOAUTH2 they stand in base64, where "auth=Bearer " is one of three forms.
  const encoded = ['auth=Bearer ', 'uth=Bearer ', 'th=Bearer '].map((text) => Buffer.from(text).toString('base64').replace(/=+$/, '').slice(0, -1));
  const inBase64 = new RegExp(encoded.map((each) => each.replace(/[+/]/g, '\\$&')).join('|'));
  for (const user of ['a', 'ab', 'abc']) assert.match(Buffer.from(`user=${user}\x01auth=Bearer eyJ`).toString('base64'), inBase64);
  const { client_secret: clientSecret } = lab.facts;
  for (const [what, secret] of Object.entries({
    'a token': /eyJ[\w-]{20,}\.[\w-]{20,}/, 'a token, encoded': inBase64,
    'a code': /code=1\.AX/, password, 'the client secret': clientSecret, 'the client secret, encoded': encodeURIComponent(clientSecret), 'a session': cookie,
  })) {
    const at = secret instanceof RegExp ? all.search(secret) : all.indexOf(secret);
    assert.equal(at, -1, `${what}: …${all.slice(Math.max(0, at - 200), at + 60)}`);
  }
  t.diagnostic(`${all.length} characters were read, ${files.length} transcripts among them`);
  // At rest, too: the store's files hold none of them in the clear.
  const folder = path.join(server.folder, 'store');
  for (const name of readdirSync(folder)) {
    const bytes = readFileSync(path.join(folder, name), 'latin1');
    assert.doesNotMatch(bytes, /eyJ[\w-]{20,}\.[\w-]{20,}/, name);
    for (const secret of [clientSecret, password, cookie]) assert.ok(!bytes.includes(secret), name);
  }
});
