// A real server (Dovecot) whose folders have another separator, a prefix and marks: mail is read from a folder by its use and by a name with
// "/", and moved to one that is made; and an interrupted look is made up for.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { makeCertificates } from '../support/certificates.mjs';
import { putMail, startDovecot } from '../support/dovecot.mjs';
import { addAccount, authorize, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { scratchFolder, until } from '../support/scratch.mjs';

const sales = 'sales@contoso.test';
const mail = (subject) => `From: customer@example.com\r\nTo: ${sales}\r\nSubject: ${subject}\r
Message-ID: <${subject.replace(/\W/g, '-')}@example.com>\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n\r\n${subject}\r\n`;

scenario('folders by use and by name, on a server with a prefix', { limit: 120_000 }, async ({ keep }) => {
  const { folder, remove } = scratchFolder('certificates');
  await keep({ stop: remove });
  const certificates = makeCertificates(folder);
  const lab = await keep(startLab());
  const dovecot = await keep(startDovecot({ certificates, introspection: lab.introspection, settings: `
namespace inbox {
  separator = .
  prefix = INBOX.
  mailbox Rubbish {
    auto = create
    special_use = \\Junk
  }
  mailbox Geprüft {
    auto = create
  }
  mailbox Geprüft.Später {
    auto = create
  }
}` }));
  const server = await keep(startServer({ anchors: [lab.facts.anchor, certificates.anchor] }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  await addAccount(server, { user: sales, imap: `localhost:${dovecot.ports.imaps}`, smtp: lab.facts.smtp });
  const outcome = await authorize(server, 'sales', sales, lab.signIn);
  assert.equal(outcome.state, 'accepted', outcome.reason);
  await server.idle(sales);

  let files = 0;
  const put = (sub, subject) => dovecot.fill(sales, (home) => {
    for (const each of ['cur', 'new', 'tmp']) mkdirSync(path.join(home, sub, each), { recursive: true });
    putMail(path.join(home, sub), `new/${Date.now()}.${++files}.test`, mail(subject));
  });
  const change = (...args) => server.command('mailbox', 'change', sales, ...args);
  const became = (subject) => server.caseAbout(subject, { limit: 30_000 });

  // The folder that mail is moved to has no prefix in the setting, and is made with it.
  put('', 'In the Inbox');
  await became('In the Inbox');
  // To move is to copy first.
  await until('it being moved', () => dovecot.delivered(sales, 'Postroom').length === 1 && dovecot.delivered(sales).length === 0, { limit: 30_000 });

  put('.Rubbish', 'Taken for junk');
  await change('--folder', '\\Junk');
  await became('Taken for junk');
  await until('it being moved', () => dovecot.delivered(sales, 'Postroom').length === 2, { limit: 30_000 });

  // Modified UTF-7 on the wire and on the disk.
  put('.Gepr&APw-ft.Sp&AOQ-ter', 'Below, with umlauts');
  await change('--folder', 'Geprüft/Später', '--after', 'seen');
  await became('Below, with umlauts');
  await until('it being marked', async () => (await server.mailbox(sales)).counts.due === 0, { limit: 30_000 });
  assert.equal(dovecot.delivered(sales, 'Gepr&APw-ft.Sp&AOQ-ter').length, 1);
  put('.Gepr&APw-ft.Sp&AOQ-ter', 'While it idles');
  await became('While it idles');

  await change('--folder', 'Gepruft');
  const lost = await until('trouble', async () => {
    const now = await server.mailbox(sales);
    return now.state === 'backing-off' && now;
  }, { limit: 30_000 });
  assert.match(lost.state_reason, /there is no folder "Gepruft" on the server; near it: "INBOX\.Geprüft"/);

  // What fails to be deleted stays due, and is done where the server lets it: nothing is lost or doubled by a kill in between.
  await change('--folder', 'INBOX', '--after', 'delete', '--confirm-deletion');
  for (let i = 0; i < 20; ++i) put('', `Number ${i} of twenty`);
  await became('Number 0 of twenty');
  await server.kill();
  await server.begin();
  await until('INBOX being empty', () => dovecot.delivered(sales).length === 0, { limit: 60_000 });
  const twenty = await until('twenty cases', async () => {
    const found = (await server.cases()).filter((each) => each.subject.includes('of twenty'));
    return found.length >= 20 && found;
  }, { limit: 60_000, pause: 300 });
  assert.equal(twenty.length, 20);
  assert.equal(new Set(twenty.map((each) => each.subject)).size, 20);
});
