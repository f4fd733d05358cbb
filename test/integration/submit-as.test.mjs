// Where the submission server is told the mailbox and not the token's owner: each mailbox has a session of its own, one that is shut out holds
// up nobody else's mail, and what is in doubt is looked for in the Sent Items of the mailbox that signed in.
import assert from 'node:assert/strict';
import { authorize, run, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { until } from '../support/scratch.mjs';

const desk = 'desk@contoso.test';
const [orders, press, returns] = ['orders@contoso.test', 'press@contoso.test', 'returns@contoso.test'];

scenario('each mailbox submits as itself', { limit: 90_000 }, async ({ keep }) => {
  const lab = await keep(startLab({ tenant: {
    users: [{ upn: desk, name: 'Desk' }],
    mailboxes: [orders, press, returns].map((address) => ({
      address, name: address, full_access: address === press ? [] : [desk], send_as: [desk],
    })),
    settings: { smtp_shared_user: 1 },
  } }));
  const server = await keep(startServer({ anchors: [lab.facts.anchor] }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  await server.command('settings', 'set', 'doubt-delays', '1s,2s,3s');
  await server.command('account', 'add', 'desk', '--department', 'Customer care', '--application', 'provider', '--user', desk,
    '--kind', 'shared', '--imap-host', lab.facts.imap, '--smtp-host', lab.facts.smtp, '--submit-as', 'mailbox');
  for (const address of [orders, press, returns]) await server.command('mailbox', 'add', address, '--account', 'desk', '--baseline', 'all');
  const outcome = await authorize(server, 'desk', desk, lab.signIn);
  assert.equal(outcome.state, 'accepted', outcome.reason);
  const { items } = await server.api('accounts/desk/rights');
  assert.deepEqual(items.map((each) => each.send.outcome), ['could-not-be-told', 'fails', 'could-not-be-told']);

  const send = (mailbox, subject) => server.command('send', '--mailbox', mailbox, '--to', 'customer@example.com', '--subject', subject, '--text', 'Hello.');
  const shutOut = await send(press, 'from press');
  const inTurn = [];
  for (const mailbox of [orders, returns, orders, returns]) inTurn.push(await send(mailbox, `from ${mailbox}`));
  for (const mail of inTurn) await server.sent(mail.id);
  const waiting = await until('the mail of press being put off', async () => {
    const now = await server.api(`outbound/${shutOut.id}`);
    return /535 5\.7\.3/.test(now.reason) && now;
  });
  assert.equal(waiting.state, 'queued');
  await until('the account saying so', async () => /mail can't be sent: .*press@contoso\.test/.test((await server.api('accounts/desk')).state_reason));
  const outside = await lab.api('outside');
  assert.deepEqual(outside.map((each) => each.sender).sort(), [orders, orders, returns, returns]);

  await lab.api('faults', { id: 'smtp-lost-after-accepting', scope: returns, times: 1 });
  await server.sent((await send(returns, 'in doubt')).id);
  assert.equal((await lab.api('outside')).filter((each) => each.sender === returns).length, 3, 'once, and not again');
  assert.equal((await lab.folder(returns, 'Sent Items')).length, 3);

  // What a refusal of the mail itself means is said with it; a mailbox that is full costs no mail, and holds up nobody else's.
  await lab.api('faults', { id: 'smtp-send-as-denied', scope: orders, times: 1 });
  const denied = await send(orders, 'denied');
  const failed = await until('it coming back', async () => {
    const now = await server.api(`outbound/${denied.id}`);
    return now.state === 'failed' && now;
  });
  assert.match(failed.reason, /554 5\.2\.252/);
  assert.equal(failed.causes[0].id, 'send-as-missing');
  const shown = await run(['case', 'show', String(failed.case), '--socket', server.socket]);
  assert.match(shown.out, /^Remedy: +Add-RecipientPermission/m);
  await lab.api('faults', { id: 'smtp-mailbox-full', scope: orders, times: 1 });
  const kept = await send(orders, 'kept');
  const full = await until('its mailbox being shut out', async () => {
    const now = await server.api(`outbound/${kept.id}`);
    return now.state === 'queued' && /5\.2\.2/.test(now.reason) && now;
  });
  assert.equal(full.tries, 0);
  assert.equal(full.causes[0].id, 'mailbox-full');
  await server.sent((await send(returns, 'beside it')).id);
});
