// The power goes under the whole program: what it acknowledged before is there afterwards. And the same with a store that does not sync,
// which must be seen to lose it: otherwise this test, and the power cuts of faults.test.mjs, would be worth nothing.
import assert from 'node:assert/strict';
import { addAccount, authorize, powerCutProgram, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { until } from '../support/scratch.mjs';

const sales = 'sales@contoso.test';
const count = 10;

/** Mails are filed, deleted on the server, and answered; then the power goes. Resolves with what is left: { filed, sent }. */
async function afterwards({ keep }, signal, variables) {
  const lab = await keep(startLab());
  const { facts } = lab;
  const server = await keep(startServer({ anchors: [facts.anchor], store: 'sqlite', by: [powerCutProgram], variables }));
  await setUp(server, { authority: facts.authority, clientId: facts.client_id, clientSecret: facts.client_secret });
  const name = await addAccount(server, { user: sales, imap: facts.imap, smtp: facts.smtp, after: 'delete' });
  assert.equal((await authorize(server, name, sales, lab.signIn)).state, 'accepted');
  for (let i = 1; i <= count; ++i)
    await lab.mail(sales, `From: c${i}@example.com\r\nTo: ${sales}\r\nSubject: Mail ${i}.\r\n\r\nWell?\r\n`);
  const cases = async () => (await server.api('cases?limit=200')).items;
  const before = await until('all cases, and none left on the server', async () => (
    (await lab.folder(sales)).length === 0 && (await cases()).length === count && cases()));
  const answers = await Promise.all(before.map(({ number }) => server.api(`cases/${number}/replies`, { text: `Answer ${number}` })));
  for (const { id } of answers) await server.sent(id);

  await server.kill(signal);
  await server.begin();
  const sent = await Promise.all(answers.map(({ id }) => server.api(`outbound/${id}`).then((mail) => mail.state === 'sent', () => false)));
  const accepted = Object.values((await lab.api('counters')).accepted_by_message_id);
  return { filed: (await cases()).length, sent: sent.filter(Boolean).length, twice: accepted.filter((times) => times > 1).length };
}

for (const [signal, words] of [['SIGKILL', 'all that was not synced is lost'], ['SIGUSR2', 'a part of what was not synced survives']])
  scenario(`a power cut: ${words}, and nothing that was acknowledged`, {}, async (test) => {
    assert.deepEqual(await afterwards(test, signal, { POWER_CUT_SEED: process.env.SEED ?? '7' }), { filed: count, sent: count, twice: 0 });
    test.t.diagnostic(`1 power cut; ${count} mails filed and ${count} answers sent were there afterwards`);
  });

scenario('a power cut with synchronous=OFF: the loss is seen', {}, async (test) => {
  const { filed, sent } = await afterwards(test, 'SIGKILL', { SYNCHRONOUS: 'OFF' });
  assert.ok(filed < count && sent < count, `${filed} mails and ${sent} answers are there, though nothing was synced`);
  test.t.diagnostic(`1 power cut; ${count - filed} of ${count} mails, deleted on the server, were lost, as they must be`);
});
