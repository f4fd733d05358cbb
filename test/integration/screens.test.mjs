// The screens of a department, from the command to the case that is not made: nothing is thrown away, each mail says what became of it,
// and a person can let it pass.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { request } from '../support/browser.mjs';
import { addAccount, authorize, run, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { addPeople, signIn } from '../support/people.mjs';
import { until } from '../support/scratch.mjs';

const sales = 'sales@contoso.test';
const mail = (from, subject, text = 'Hello') => `From: ${from}\r\nTo: ${sales}\r\nSubject: ${subject}\r\nMessage-ID: <${subject.replace(/\W/g, '-')}@example.com>\r\n\r\n${text}\r\n`;
const withFile = (subject, name, bytes) => `From: ann@example.org\r\nTo: ${sales}\r\nSubject: ${subject}\r\nMIME-Version: 1.0\r\n`
  + `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nSee what is attached.\r\n--b\r\nContent-Type: image/png; name="${name}"\r\n`
  + `Content-Transfer-Encoding: base64\r\n\r\n${bytes.toString('base64')}\r\n--b--\r\n`;
const program = Buffer.concat([Buffer.from('MZ'), Buffer.alloc(254)]);

scenario('what a department screens is held with the rule that it met, and released by a person', { limit: 120_000 }, async ({ keep }) => {
  const lab = await keep(startLab());
  const server = await keep(startServer({ anchors: [lab.facts.anchor] }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  await addPeople(server);
  assert.equal((await authorize(server, await addAccount(server, { user: sales, imap: lab.facts.imap, smtp: lab.facts.smtp }), sales, lab.signIn)).state, 'accepted');

  await server.command('screen', 'block-domain', 'Bücher.example', 'spam.example');
  await server.command('screen', 'block-sender', 'news*@*.example.org', '--department', 'Customer care');
  await server.command('screen', 'block-attachment', '--name', '.iso', '--content', 'program', '--content', 'locked-archive');
  await server.command('screen', 'size', '0.02', '--above', 'cut');
  await server.command('screen', 'phrase', '--permanent', 'Gone with the wind');
  const rules = await server.command('screen', 'list');
  assert.deepEqual(rules.senders, ['news*@*.example.org', 'spam.example', 'xn--bcher-kva.example']);
  assert.deepEqual([rules.file_names, rules.contents, rules.permanent_phrases], [['*.iso'], ['locked-archive', 'program'], ['gone with the wind']]);
  assert.deepEqual([rules.largest, rules.above, rules.default_phrases], [20971, 'cut', true]);

  // What they would do, before any mail comes.
  const file = path.join(server.folder, 'mail.eml');
  writeFileSync(file, withFile('Holiday', 'holiday.png', program));
  const verdict = await server.command('screen', 'test', file);
  assert.deepEqual([verdict.fate, verdict.screen, verdict.rule], ['hold', 'content', 'program']);
  assert.match(verdict.because, /holiday\.png/);
  assert.deepEqual(verdict.files, [{ name: 'holiday.png', contents: ['program'] }]);
  writeFileSync(file, mail('ann@example.org', 'Order'));
  assert.equal((await server.command('screen', 'test', file)).fate, 'accept');

  await lab.mail(sales, mail('x@mail.spam.example', 'Spam'));
  await lab.mail(sales, mail('newsletter@a.example.org', 'News'));
  await lab.mail(sales, withFile('Holiday', 'holiday.png', program));
  await lab.mail(sales, withFile('Picture', 'picture.png', Buffer.from('a picture')));
  await lab.mail(sales, mail('ann@example.org', 'Large', 'x'.repeat(30_000)));
  await lab.mail(sales, `Return-Path: <>\r\n${mail('MAILER-DAEMON@mx.example.org', 'failure notice', 'Gone with the wind')}`);
  const held = await until('four held mails', async () => {
    const { items } = await server.api('exceptions');
    return items.length === 4 && items;
  });
  assert.deepEqual(held.map((each) => [each.screen, each.rule]).sort(),
    [['content', 'program'], ['delivery', 'failure notice'], ['sender', 'news*@*.example.org'], ['sender', 'spam.example']]);
  for (const each of held) assert.ok(each.reason, each.screen);
  const large = await server.caseAbout('Large');
  assert.match(large.items[0].text, /^Only the header of this mail is shown: it has \d+\.\d KiB, and the department takes 20\.5 KiB at most\. The original mail has all of it\./);
  assert.match((await server.api(`activities/${large.items[0].id}/raw`)).toString(), /x{30000}/);
  await server.caseAbout('Picture');
  assert.equal((await server.mailbox(sales)).counts.screened, 5);
  assert.equal((await server.mailbox(sales)).counts.filed, 6);

  // Released by a command, it becomes a case, and its trace stays.
  const spam = held.find((each) => each.rule === 'spam.example');
  assert.match((await server.api(`exceptions/${spam.id}/raw`)).toString(), /mail\.spam\.example/);
  assert.equal((await run(['exception', 'release', spam.id, '--socket', server.socket])).code, 0);
  await server.caseAbout('Spam');
  assert.equal((await server.api('exceptions')).items.length, 3);
  assert.equal((await server.mailbox(sales)).counts.screened, 5);
  const { items: trail } = await server.api('audit');
  assert.deepEqual(trail.find((each) => each.what === 'exception.release').detail, { screen: 'sender', rule: 'spam.example' });
  assert.deepEqual(trail.findLast((each) => each.what === 'screens.change').detail, { kind: 'sender', added: ['spam.example', 'xn--bcher-kva.example'], removed: [] });

  // Read again, it is judged by the rules as they are then.
  await server.command('screen', 'remove', 'sender', 'news*@*.example.org');
  const news = held.find((each) => each.rule === 'news*@*.example.org');
  await server.api(`exceptions/${news.id}/retry`, undefined, 'POST');
  await server.caseAbout('News');

  // Nobody overwrites what somebody else changed meanwhile.
  const administrator = await signIn(server, 'system-administrator');
  const patch = (headers, body) => request(`${server.url}/api/v1/departments/Customer%20care/screens`, { method: 'PATCH', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) });
  const stale = await patch({ ...administrator, 'if-match': rules.etag }, { largest: null });
  assert.equal(stale.status, 412, stale.bytes.toString());
  assert.equal((await patch(administrator, { largest: null })).status, 200);
  assert.equal((await patch(await signIn(server, 'agent'), { largest: null })).status, 403);
  assert.equal((await patch(await signIn(server, 'auditor'), { largest: null })).status, 403);
  await server.command('department', 'add', 'Returns');
  const theirs = await signIn(server, 'department-administrator');
  assert.equal((await patch(theirs, { above: 'hold' })).status, 200);
  const other = await request(`${server.url}/api/v1/departments/Returns/screens`, { headers: theirs });
  assert.equal(other.status, 404, 'another department is not there for them');
});

scenario('ten thousand blocked senders are one request, and hostile ones are refused', { limit: 60_000 }, async ({ keep }) => {
  const server = await keep(startServer({ anchors: [] }));
  await server.command('department', 'add', 'Sales');
  const senders = Array.from({ length: 10_000 }, (_, at) => `spam${at}.example`);
  const empty = { file_names: [], contents: [], permanent_phrases: [], temporary_phrases: [], largest: null, above: 'hold', default_phrases: true };
  const kept = await server.api('departments/Sales/screens', { ...empty, senders }, 'PUT');
  assert.equal(kept.senders.length, 10_000);
  const again = await server.api('departments/Sales/screens', { kind: 'sender', add: ['one.example'], remove: ['spam7.example'] }, 'PATCH');
  assert.equal(again.senders.length, 10_000);
  const verdict = await server.api('departments/Sales/screens/test', { mail: Buffer.from(mail('x@a.b.spam9999.example', 'Spam')).toString('base64') });
  assert.equal(verdict.rule, 'spam9999.example');
  const { items: [last] } = await server.api('audit?limit=1');
  assert.equal(last.what, 'screens.change');

  const refused = async (body, field, method = 'PATCH') => {
    const answer = await request('/api/v1/departments/Sales/screens', { socketPath: server.socket, method, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
    const problem = JSON.parse(answer.bytes);
    assert.ok(answer.status === 400, `${answer.status} ${answer.bytes}`);
    assert.equal(problem.field, field, problem.detail);
  };
  for (const wrong of ['*', '*@*', '', 'a b@example.com', '(a+)+$', 'büch*.example', `${'*a'.repeat(20)}.example`, 'x'.repeat(1_000)])
    await refused({ kind: 'sender', add: [wrong] }, 'add');
  await refused({ kind: 'sender', add: Array.from({ length: 1_001 }, (_, at) => `*@spam${at}.example`) }, 'add');
  await refused({ kind: 'sender', add: Array.from({ length: 20_000 }, (_, at) => `more${at}.example`) }, 'add');
  await refused({ kind: 'file-name', add: ['a/b'] }, 'add');
  await refused({ kind: 'content', add: ['everything'] }, 'add');
  await refused({ kind: 'nonsense', add: ['x'] }, 'kind');
  await refused({ add: ['x.example'] }, 'kind');
  await refused({ largest: 1 }, 'largest');
  await refused({}, undefined);
  // What was refused changed nothing.
  assert.equal((await server.api('departments/Sales/screens')).senders.length, 10_000);
  await refused({ ...empty }, 'senders', 'PUT');
  const cleared = await server.api('departments/Sales/screens', { ...empty, senders: [] }, 'PUT');
  assert.equal(cleared.senders.length, 0);
});
