// A grant is tried where it is to work before it counts: what refuses it, what is noted, and what can't be told. And test mails.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { authorize, beginAuthorization, scenario, settled, setUp, startLab, startServer } from '../support/house.mjs';
import { freePort, until } from '../support/scratch.mjs';

const desk = 'desk@contoso.test';
const shared = ['orders@contoso.test', 'press@contoso.test', 'returns@contoso.test'];
const [orders, press, returns] = shared;

/** A shared account, whose user may open `opens` of the three mailboxes and send as them. */
async function house(keep, { opens = shared, imap, smtp } = {}) {
  const lab = await keep(startLab({ tenant: {
    users: [{ upn: desk, name: 'Desk' }],
    mailboxes: shared.map((address) => ({ address, name: address, full_access: opens.includes(address) ? [desk] : [], send_as: [desk] })),
  } }));
  const server = await keep(startServer({ anchors: [lab.facts.anchor] }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  await server.command('account', 'add', 'desk', '--department', 'Customer care', '--application', 'provider', '--user', desk,
    '--kind', 'shared', '--imap-host', imap ?? lab.facts.imap, '--smtp-host', smtp ?? lab.facts.smtp);
  for (const address of shared) await server.command('mailbox', 'add', address, '--account', 'desk', '--baseline', 'all');
  return { lab, server };
}

/** Which mailbox opens, or may be sent from, as the table of rights says. */
async function rights(server, what) {
  const { items } = await server.api('accounts/desk/rights');
  return items.map((each) => each[what]?.outcome);
}

async function withTestMail(lab, server) {
  const begun = await beginAuthorization(server, 'desk', { flow: 'code', test_mail: true });
  await lab.signIn(begun.url, desk);
  return settled(server, begun.id);
}

scenario('a shared account, of whose mailboxes one does not open, is authorized, and says which', {}, async ({ keep }) => {
  const { lab, server } = await house(keep, { opens: [orders, press] });
  const outcome = await authorize(server, 'desk', desk, lab.signIn);
  assert.equal(outcome.state, 'accepted', outcome.reason);
  assert.match(outcome.notes, /returns@contoso\.test/);
  assert.deepEqual(await rights(server, 'open'), ['holds', 'holds', 'fails']);
  assert.deepEqual(await rights(server, 'send'), Array(3).fill('could-not-be-told'));
  const { items } = await server.api('accounts/desk/rights');
  assert.match(items[2].open.evidence, /not connected/);

  // Given the right, it is looked at anew.
  await lab.api('mailboxes', { address: returns, full_access: [desk] });
  const trial = await server.api('accounts/desk/rights/trial', {});
  await until('the trial', async () => (await server.api(`trials/${trial.id}`)).state === 'done');
  assert.deepEqual(await rights(server, 'open'), ['holds', 'holds', 'holds']);
});

scenario('a token that a server refuses is refused, and what the account had stays', {}, async ({ keep }) => {
  const { lab, server } = await house(keep);
  assert.equal((await authorize(server, 'desk', desk, lab.signIn)).state, 'accepted');
  const before = (await server.api('accounts/desk')).grant;

  await lab.api('faults', { id: 'imap-sign-in-refused' });
  const imap = await authorize(server, 'desk', desk, lab.signIn);
  assert.equal(imap.state, 'refused');
  assert.match(imap.reason, /AUTHENTICATE failed/);
  assert.match(imap.page.text, /AUTHENTICATE failed/, 'the page says so, too');
  await lab.api('faults?id=imap-sign-in-refused', undefined, 'DELETE');

  await lab.api('faults', { id: 'smtp-sign-in-refused' });
  const smtp = await authorize(server, 'desk', desk, lab.signIn);
  assert.equal(smtp.state, 'refused');
  assert.match(smtp.reason, /535 5\.7\.3/);

  assert.equal((await server.api('accounts/desk')).grant.accepted, before.accepted);
  assert.deepEqual(await rights(server, 'open'), ['holds', 'holds', 'holds'], 'those of the grant in force');
});

scenario('a grant that opens nothing is refused', {}, async ({ keep }) => {
  const { lab, server } = await house(keep, { opens: [] });
  const outcome = await authorize(server, 'desk', desk, lab.signIn);
  assert.equal(outcome.state, 'refused');
  assert.match(outcome.reason, /none of the account's mailboxes opens/);
  assert.equal((await server.api('accounts/desk')).grant, null);
});

scenario('a port that can\'t be reached, and a server that is busy, reject nothing', {}, async ({ keep }) => {
  const nobody = `localhost:${await freePort()}`;
  const { lab, server } = await house(keep, { imap: nobody });
  const outcome = await authorize(server, 'desk', desk, lab.signIn);
  assert.equal(outcome.state, 'accepted', outcome.reason);
  assert.match(outcome.notes, /could not be told: cannot reach/);
  assert.deepEqual(await rights(server, 'open'), Array(3).fill('could-not-be-told'));

  await server.command('account', 'change', 'desk', '--imap-host', lab.facts.imap);
  await lab.api('faults', { id: 'imap-throttled' });
  const throttled = await authorize(server, 'desk', desk, lab.signIn);
  assert.equal(throttled.state, 'accepted', throttled.reason);
  assert.deepEqual(await rights(server, 'open'), Array(3).fill('could-not-be-told'));
});

scenario('submission that is switched off is noted', {}, async ({ keep }) => {
  const { lab, server } = await house(keep);
  await lab.api('settings', { smtp_auth_disabled: true });
  const outcome = await authorize(server, 'desk', desk, lab.signIn);
  assert.equal(outcome.state, 'accepted', outcome.reason);
  assert.match(outcome.notes, /SmtpClientAuthentication is disabled for the Tenant/);
  assert.deepEqual(await rights(server, 'open'), ['holds', 'holds', 'holds']);
  assert.deepEqual(await rights(server, 'send'), ['fails', 'fails', 'fails']);
});

scenario('a test mail tells whether a mailbox may be sent from, and becomes no case', {}, async ({ keep }) => {
  const { lab, server } = await house(keep);
  await lab.api('mailboxes', { address: press, send_as: [] });
  const outcome = await withTestMail(lab, server);
  assert.equal(outcome.state, 'accepted', outcome.reason);
  assert.match(outcome.notes, /SendAsDenied/);
  assert.deepEqual(await rights(server, 'send'), ['holds', 'fails', 'holds']);

  // A customer's mail behind it becomes one.
  await lab.mail(returns, `From: customer@example.com\r\nTo: ${returns}\r\nSubject: a question\r\n\r\nHello\r\n`);
  await server.caseAbout('a question');
  await until('the test mails being filed', async () => (await lab.folder(orders, 'Postroom')).length === 1
    && (await lab.folder(returns, 'Postroom')).length === 2);
  assert.deepEqual((await server.cases()).map((each) => each.subject), ['a question']);
  const { items } = await server.api('exceptions');
  assert.deepEqual(items, []);
});

// One that was killed had a lease; one that stops gives it back.
const ends = { kill: (server) => server.kill(), stop: (server) => server.end() };
for (const [how, end] of Object.entries(ends)) scenario(`what a server was trying at its ${how} is tried again`, { limit: 120_000 }, async ({ keep, t }) => {
  // Takes connections and says nothing, so that the trial is under way for as long as it may be.
  const asked = new Set();
  const silent = createServer((socket) => {
    asked.add(socket);
    socket.on('error', () => {});
  });
  await new Promise((resolve) => silent.listen(0, '127.0.0.1', resolve));
  await keep({ stop: () => { asked.forEach((each) => each.destroy()); silent.close(); } });
  const { lab, server } = await house(keep, { imap: `localhost:${silent.address().port}` });
  const begun = await beginAuthorization(server, 'desk', { flow: 'code' });
  const back = lab.signIn(begun.url, desk).catch(() => {});
  await until('the trial', () => asked.size > 0, { pause: 5 });
  assert.equal((await server.api(`authorizations/${begun.id}`)).state, 'trying');
  await end(server);
  await back;
  const before = asked.size;
  await server.begin();
  const started = Date.now();
  await until('it being tried again', () => asked.size > before, { limit: 40_000 });
  const took = Date.now() - started;
  t.diagnostic(`taken up again ${took} ms after the start`);
  if (how === 'stop') assert.ok(took < 25_000, `${took} ms`);  // a lease would last longer
  const outcome = await settled(server, begun.id, { limit: 60_000 });
  assert.equal(outcome.state, 'accepted', outcome.reason);
  assert.match(outcome.notes, /could not be told/);
});
