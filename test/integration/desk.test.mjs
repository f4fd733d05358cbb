// The desk from outside: whose a case is, who sees it, how answers find it, and what a mailbox acknowledges by itself.
import assert from 'node:assert/strict';
import { request } from '../support/browser.mjs';
import { addAccount, authorize, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { password, tokenOf } from '../support/people.mjs';
import { until } from '../support/scratch.mjs';

const sales = 'sales@contoso.test';
const returns = 'support@contoso.test';
const customer = 'customer@example.com';

const mail = (to, id, { from = customer, subject = `about ${id}`, fields = '' } = {}) =>
  `From: ${from}\r\nTo: ${to}\r\nSubject: ${subject}\r\nMessage-ID: <${id}@example.com>\r\n${fields}\r\nHello\r\n`;

async function furnish(keep) {
  const lab = await keep(startLab());
  const server = await keep(startServer({ anchors: [lab.facts.anchor] }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  await addAccount(server, { user: sales, imap: lab.facts.imap, smtp: lab.facts.smtp });
  await authorize(server, 'sales', sales, lab.signIn);
  return { lab, server };
}

/** Somebody who asks by a token of their own. */
async function person(server, name, role, departments) {
  await server.api('users', { name, password, role, departments });
  const scopes = role === 'auditor' ? ['cases:read'] : ['cases:read', 'cases:write'];
  const headers = await tokenOf(server, name, scopes);
  return async (where, body, method = body === undefined ? 'GET' : 'POST') => {
    const answer = await request(`${server.url}/api/v1/${where}`, {
      method, body: body === undefined ? undefined : JSON.stringify(body),
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    });
    return { status: answer.status, body: answer.bytes.length ? JSON.parse(answer.bytes) : undefined };
  };
}

const events = (shown) => shown.items.filter((each) => each.kind === 'event').map((each) => each.text);

scenario('a case from the queue to its end, by agents of two departments', { limit: 120_000 }, async ({ keep }) => {
  const { lab, server } = await furnish(keep);
  await server.command('department', 'add', 'Returns');
  await server.command('account', 'add', 'returns', '--department', 'Returns', '--application', 'provider', '--user', returns,
    '--imap-host', lab.facts.imap, '--smtp-host', lab.facts.smtp);
  await server.command('mailbox', 'add', returns, '--account', 'returns', '--baseline', 'all');
  await authorize(server, 'returns', returns, lab.signIn);
  const ann = await person(server, 'ann', 'agent', ['Customer care']);
  const bob = await person(server, 'bob', 'agent', ['Customer care']);
  const eve = await person(server, 'eve', 'agent', ['Returns']);
  const auditor = await person(server, 'auditor', 'auditor', []);

  await lab.mail(sales, mail(sales, 'first'));
  await server.caseAbout('first');
  await lab.mail(sales, mail(sales, 'second'));
  const second = await server.caseAbout('second');

  // The queue, and what comes out of it.
  const queue = (await ann('queues')).body.items;
  assert.deepEqual(queue.map((each) => [each.department, each.unassigned, each.mine]), [['Customer care', 2, 0]], 'one sees one\'s own departments');
  const [one, other] = await Promise.all([ann('queues/Customer%20care/pick', undefined, 'POST'), bob('queues/Customer%20care/pick', undefined, 'POST')]);
  assert.deepEqual([one.status, other.status], [200, 200]);
  assert.notEqual(one.body.number, other.body.number, 'nobody gets what another has');
  assert.equal((await ann('queues/Customer%20care/pick', undefined, 'POST')).status, 204);
  assert.equal(await server.command('case', 'next', 'Customer care', '--to', 'ann'), null, 'the same by command');
  assert.equal((await ann('queues/Customer%20care/pick?for=eve', undefined, 'POST')).status, 400, 'hers is another department');
  const [mine] = (await ann('cases?assigned=me')).body.items;
  assert.equal(mine.number, one.body.number);
  const taken = await bob(`cases/${mine.number}/pick`, undefined, 'POST');
  assert.equal(taken.status, 409);
  assert.match(taken.body.detail, /ann/);
  assert.deepEqual((await auditor(`cases/${mine.number}`)).status, 200);
  assert.equal((await auditor(`cases/${mine.number}/notes`, { text: 'x' })).status, 403);
  assert.equal((await eve(`cases/${mine.number}/pick`, undefined, 'POST')).status, 404, 'another department\'s case is not there');

  // Notes, and what belongs together.
  assert.equal((await ann(`cases/${mine.number}/notes`, { text: 'She rang.' })).status, 201);
  const shown = (await ann(`cases/${mine.number}`)).body;
  assert.deepEqual(shown.others.map((each) => each.number), [other.body.number], 'the customer\'s other case');
  assert.equal(shown.items.at(-1).text, 'She rang.');

  // To a colleague, and to another department, whose agents see it then.
  assert.equal((await ann(`cases/${mine.number}/assignment`, { agent: 'eve' })).status, 400);
  assert.equal((await ann(`cases/${mine.number}/assignment`, { agent: 'bob' })).body.assigned, 'bob');
  const targets = (await bob(`cases/${mine.number}/targets`)).body;
  assert.deepEqual(targets.departments, [{ name: 'Returns', mailboxes: [returns] }]);
  assert.deepEqual(targets.agents.filter((each) => ['ann', 'bob', 'eve', 'auditor'].includes(each)), ['ann', 'bob']);
  const moved = await bob(`cases/${mine.number}/transfer`, { department: 'Returns' });
  assert.equal(moved.status, 200, JSON.stringify(moved.body));
  assert.deepEqual([moved.body.department, moved.body.mailbox, moved.body.assigned], ['Returns', returns, null]);
  assert.equal((await ann(`cases/${mine.number}`)).status, 404);
  assert.equal((await eve(`cases/${mine.number}/pick`, undefined, 'POST')).body.assigned, 'eve');

  // The answer leaves from there; the customer's next mail to the old address finds the case by its token alone.
  const reply = await eve(`cases/${mine.number}/replies`, { text: 'We take it back.' });
  await server.sent(reply.body.id);
  assert.equal((await lab.api('outside')).at(-1).sender, returns);
  const { subject } = (await eve(`cases/${mine.number}`)).body.items.findLast((each) => each.kind === 'sent');
  assert.equal((await eve(`cases/${mine.number}`, { state: 'closed' }, 'PATCH')).status, 200);
  await lab.mail(sales, mail(sales, 'late', { subject: `رد: TR : ${subject}` }));
  const reopened = await until('the answer being in its case', async () => {
    const now = await server.api(`cases/${mine.number}`);
    return now.state === 'open' && now;
  });
  assert.equal(reopened.assigned, 'eve');
  assert.deepEqual(events(reopened), ['Picked by ann', 'Assigned to bob, from ann, by ann',
    `Transferred from Customer care to Returns by bob; answered from ${returns}`, 'Picked by eve', 'Closed by eve', 'Reopened by the customer\'s mail']);

  // By commands; and who is gone has no cases.
  await server.command('case', 'assign', String(mine.number), '--queue');
  assert.equal((await server.command('case', 'next', 'Returns', '--to', 'eve')).number, mine.number);
  assert.equal((await server.command('case', 'note', String(mine.number), '--text', 'by command')).kind, 'note');
  assert.equal((await server.command('case', 'list', '--assigned', 'eve')).items.length, 1);
  assert.ok((await server.command('case', 'queues')).items.some((each) => each.department === 'Returns' && each.open === 1));
  await server.api('users/eve', undefined, 'DELETE');
  const left = await server.api(`cases/${mine.number}`);
  assert.equal(left.assigned, null);
  assert.equal(events(left).at(-1), 'Put back into the queue, since eve is gone');
  assert.ok(second.number > 0);
});

scenario('a new case is acknowledged once, and machines that answer each other are stopped by counting', { limit: 90_000 }, async ({ keep }) => {
  const { lab, server } = await furnish(keep);
  await server.api('settings/loop-limit', { value: '4' }, 'PUT');
  await server.api('settings/case-token', { value: '#{}' }, 'PUT');
  const set = await server.command('mailbox', 'acknowledge', sales, '--on', '--text', 'Your case is {{number}}.');
  assert.equal(set.active, true);
  const outside = async (to) => (await lab.api('outside')).filter((each) => each.recipients.includes(to));

  await lab.mail(sales, mail(sales, 'order'));
  const opened = await server.caseAbout('order');
  assert.equal(opened.waiting_for_us, true);
  const acknowledged = opened.items.find((each) => each.kind === 'sent');
  assert.equal(acknowledged.text, `Your case is ${opened.number}.`);
  assert.equal(acknowledged.automatic, true);
  assert.match(acknowledged.subject, new RegExp(`^Re: about order #${opened.number}-`));
  await server.sent(acknowledged.outbound.id);
  await until('it being there', async () => (await outside(customer)).length === 1);

  // Its answer joins the case, and so does a machine's; neither is acknowledged, nor is mail from ourselves.
  await lab.mail(sales, mail(sales, 'answer', { subject: `AW: ${acknowledged.subject}` }));
  await lab.mail(sales, mail(sales, 'away', { from: 'away@example.com', fields: 'Auto-Submitted: auto-replied\r\n' }));
  await lab.mail(sales, mail(sales, 'ours', { from: sales }));
  const away = await server.caseAbout('about away');
  const ours = await server.caseAbout('about ours');
  for (const each of [away, ours]) assert.ok(each.items.every(({ kind }) => kind !== 'sent'));

  // A machine that says nothing of itself opens a case with each mail: it gets as many as the limit says, and then an alarm tells.
  const robot = 'robot@example.com';
  for (let i = 0; i < 7; ++i) await lab.mail(sales, mail(sales, `robot-${i}`, { from: robot }));
  await server.caseAbout('about robot-6');
  const alarm = await until('the alarm', async () => (await server.api('alarms')).items.find((each) => each.cause === 'mail-loop'));
  assert.match(JSON.stringify(alarm), /robot@example\.com opened more than 4 cases/);
  const theirs = (await server.cases()).filter((each) => each.customer === robot);
  assert.equal(theirs.filter((each) => each.items.some(({ kind }) => kind === 'sent')).length, 3, 'acknowledgement-limit');
  assert.ok(theirs.some((each) => events(each).some((text) => /Not acknowledged/.test(text))), 'the history says why');
  await until('theirs being there', async () => (await outside(robot)).length === 3);
  assert.equal((await server.api(`cases/${opened.number}`)).items.filter((each) => each.kind === 'received').length, 2);
  assert.equal((await outside(customer)).length, 1, 'once');
});
