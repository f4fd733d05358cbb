// The application server and a services server apart: they share a store in PostgreSQL, and nothing else.
import assert from 'node:assert/strict';
import { addAccount, authorize, run, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { delay, until } from '../support/scratch.mjs';

const sales = 'sales@contoso.test';
const mail = (subject) => `From: customer@example.com\r\nTo: ${sales}\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@example.com>\r\n\r\nHello\r\n`;

scenario('grants are obtained here, and mail is retrieved and dispatched there', { limit: 120_000 }, async ({ keep }) => {
  const lab = await keep(startLab());
  const application = await keep(startServer({ anchors: [lab.facts.anchor], store: 'postgresql', role: 'application' }));
  await setUp(application, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  await addAccount(application, { user: sales, imap: lab.facts.imap, smtp: lab.facts.smtp });
  await lab.mail(sales, mail('first'));

  // Nobody tries the grant, nobody retrieves: the console says what is missing.
  const looked = await run(['retrieve', '--once', '--socket', application.socket]);
  assert.notEqual(looked.code, 0);
  assert.match(looked.err, /this server retrieves no mail: ask a services server/);
  assert.doesNotMatch(application.log(), /retriever:|dispatcher:/);

  const services = await keep(startServer({ anchors: [lab.facts.anchor], beside: application, store: 'postgresql', role: 'services' }));
  await until('its log saying so', () => /services: commands find it at/.test(services.log()));
  await assert.rejects(fetch(services.url), 'a services server listens for people');
  const outcome = await authorize(application, 'sales', sales, lab.signIn);
  assert.equal(outcome.state, 'accepted', outcome.reason);
  assert.ok(!outcome.notes, `it was accepted untried: ${outcome.notes}`);

  const opened = await application.caseAbout('first', { limit: 60_000 });
  const reply = await application.api(`cases/${opened.number}/replies`, { text: 'From one server, by the other.' });
  await application.sent(reply.id, { limit: 60_000 });
  assert.equal((await lab.api('outside')).length, 1);

  // Either may stop at any moment.
  await services.kill();
  await lab.mail(sales, mail('second'));
  const waiting = await application.api(`cases/${opened.number}/replies`, { text: 'Nobody is there to send this.' });
  await delay(1_000);
  assert.equal((await application.api(`outbound/${waiting.id}`)).state, 'queued');
  await services.begin();
  await application.kill();
  await until('the reply having left while there is no application server', async () => (await lab.api('outside')).length === 2, { limit: 60_000 });
  await application.begin();
  await application.sent(waiting.id, { limit: 60_000 });
  await application.caseAbout('second', { limit: 60_000 });
  // A services server does what is asked at its own socket.
  assert.deepEqual((await services.command('retrieve', '--once')).items.map((each) => [each.mailbox, each.ok]), [[sales, true]]);
});

scenario('over SQLite one process is both', {}, async ({ keep }) => {
  const server = await keep(startServer({ anchors: [], store: 'sqlite' }));
  const ended = await run(['serve', '--config', server.file, '--role', 'services']);
  assert.equal(ended.code, 2);
  assert.match(ended.err, /takes PostgreSQL/);
});
