// What bad input gets: configurations, command lines, ports, certificates, servers and mails that are wrong each get an error that says
// what is, and the others go on.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { makeCertificates } from '../support/certificates.mjs';
import { addAccount, authorize, run, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { startBadImapServer, writeWithoutEnd } from '../support/imap-server.mjs';
import { scratchFolder, until } from '../support/scratch.mjs';

const aFolder = async (keep, name) => {
  const { folder, remove } = scratchFolder(name);
  await keep({ stop: remove });
  return folder;
};

scenario('a configuration that is wrong: file, line, key and what would be right; exit 2', {}, async ({ keep }) => {
  const folder = await aFolder(keep, 'configuration');
  const file = path.join(folder, 'postroom.toml');
  for (const [text, ...words] of [
    ['[store]\npath = "a.db"\n[console]\nlisten = "127.0.0.1:1"\ncolour = "blue"\n', 'line 5', '"colour"', 'listen'],
    ['[store]\npath = 17\n', 'line 2', 'path', 'must be'],
    ['[console]\nlisten = "127.0.0.1:no"\n', 'line 2', 'listen', 'port'],
    ['[tls]\nanchors = "ca.pem"\n', 'line 2', 'anchors', 'list'],
    ['[shop]\nopen = true\n', 'line 1', '[shop]', '[store]'],
    ['[store\npath = 1\n', 'line 1', 'TOML'],
  ]) {
    writeFileSync(file, text);
    const ended = await run(['serve', '--config', file]);
    assert.equal(ended.code, 2, ended.err);
    for (const word of [file, ...words]) assert.ok(ended.err.includes(word), `${ended.err} does not say ${word}`);
  }
  const missing = await run(['serve', '--config', path.join(folder, 'none.toml')]);
  assert.equal(missing.code, 2);
  assert.match(missing.err, /none\.toml/);
});

scenario('a command line that is wrong: what is, and what would be right; exit 2', {}, async () => {
  for (const [args, ...words] of [
    [['serv'], 'serv', 'serve'],
    [['account', 'ad'], 'ad', 'authorize'],
    [['account', 'add', 'x'], '--department', '--help'],
    [['case', 'reply', 'seven', '--text', 'x'], 'seven', 'number'],
    [['mailbox', 'add', 'a@b.c', '--account', 'x', '--after', 'burn'], 'burn', 'move'],
    [['outbound', 'list', '--state', 'gone'], 'gone', 'in-doubt'],
    [['serve', '--role', 'king'], 'king', 'both'],
    [['case', 'list', '--nonsense'], '--nonsense', '--help'],
  ]) {
    const ended = await run(args);
    assert.equal(ended.code, 2, `${args.join(' ')}: ${ended.err}`);
    for (const word of words) assert.ok(ended.err.includes(word), `${args.join(' ')}: ${ended.err} does not say ${word}`);
    assert.equal(ended.out, '');
  }
  const unreachable = await run(['case', 'list', '--socket', '/nowhere/postroom.sock']);
  assert.equal(unreachable.code, 3, unreachable.err);
  assert.match(unreachable.err, /postroom serve/);
});

scenario('a port that is taken, and a store that is in use: which, and by whom', {}, async ({ keep }) => {
  const folder = await aFolder(keep, 'port');
  const taken = net.createServer();
  await new Promise((resolve) => taken.listen(0, '127.0.0.1', resolve));
  await keep({ stop: () => new Promise((resolve) => taken.close(resolve)) });
  const file = path.join(folder, 'postroom.toml');
  writeFileSync(file, `[store]\npath = "a.db"\n[console]\nlisten = "127.0.0.1:${taken.address().port}"\nsocket = "a.sock"\n[vault]\nkey-file = "k"\n[transcripts]\ndirectory = "t"\n`);
  const ended = await run(['serve', '--config', file]);
  assert.equal(ended.code, 1, ended.err);
  assert.match(ended.err, new RegExp(`${taken.address().port}\\b`));
  assert.match(ended.err, new RegExp(`process ${process.pid}\\b`));

  const server = await keep(startServer({ anchors: [] }));
  const second = await run(['serve', '--config', server.file]);
  assert.equal(second.code, 1, second.err);
  assert.match(second.err, /postroom\.db is in use/);
  assert.match(second.err, new RegExp(`process ${server.child.pid}\\b`));
  assert.ok((await server.api('version')).version);  // and the first does not mind
});

scenario('servers that are wrong end their own connections only', { limit: 120_000 }, async ({ keep, t }) => {
  const certificates = makeCertificates(await aFolder(keep, 'certificates'));
  const strangers = makeCertificates(await aFolder(keep, 'strangers'));  // an authority that nobody was told to trust
  const servers = {
    stranger: { certificates: strangers, says: [/certificate does not verify/, /CN ?= ?localhost/, /issued by CN ?= ?Test anchor/] },
    nonsense: { bad: { greeting: (socket) => socket.write(Buffer.from([0, 255, 254, 13, 10, 1, 2, 3, 13, 10])) }, says: [/no IMAP response/] },
    literal: { bad: { FETCH: (socket) => socket.write('* 1 FETCH (UID 1 BODY[] {4294967296}\r\n') }, says: [/announced a literal of 4294967296 bytes/] },
    held: { bad: { CAPABILITY: (socket) => socket.write('* LIST () "/" {4294967295}\r\n') }, says: [/announced a literal of 4294967295 bytes/] },
    endless: { bad: { CAPABILITY: writeWithoutEnd }, says: [/a response without end/] },
    hangs: { bad: { AUTHENTICATE: (socket) => socket.destroy() }, says: [/cut the TLS connection off|closed the connection/] },
    silent: { bad: { greeting: () => {} }, says: [/did not answer within 30 s/], wait: 60_000 },
  };
  const lab = await keep(startLab({ tenant: { users: Object.keys(servers).map((name) => ({ upn: `${name}@contoso.test`, password: 'Postroom-2026' })) } }));
  const server = await keep(startServer({ anchors: [lab.facts.anchor, certificates.anchor] }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  await addAccount(server, { user: 'sales@contoso.test', imap: lab.facts.imap, smtp: lab.facts.smtp });
  assert.equal((await authorize(server, 'sales', 'sales@contoso.test', lab.signIn)).state, 'accepted');
  // Watched from the beginning: a mail that can't be had is given up after some tries.
  const told = {};
  for (const [name, each] of Object.entries(servers)) {
    const { endpoint } = await keep(startBadImapServer({ certificates: each.certificates ?? certificates, bad: each.bad ?? {} }));
    const user = `${name}@contoso.test`;
    await addAccount(server, { user, imap: endpoint, smtp: lab.facts.smtp });
    assert.equal((await authorize(server, name, user, lab.signIn)).state, 'accepted');
    told[name] = until(`${name} being told`, async () => {
      const now = await server.mailbox(user);
      return now.state === 'backing-off' && now;
    }, { limit: each.wait ?? 30_000, pause: 50 });
    told[name].catch(() => {});  // it is waited for below
  }

  for (const [name, { says }] of Object.entries(servers)) {
    const mailbox = await told[name];
    t.diagnostic(`${name}: ${mailbox.state_reason}`);
    for (const word of says) assert.match(mailbox.state_reason, word, name);
    assert.ok(mailbox.state_reason.length < 4_000);
    assert.ok(mailbox.next_try, 'it is tried again');
    // Meanwhile the one whose server is right goes on.
    await lab.mail('sales@contoso.test', `From: a@example.com\r\nTo: sales@contoso.test\r\nSubject: while ${name} is wrong\r\n\r\nHello\r\n`);
    await server.caseAbout(`while ${name} is wrong`, { limit: 10_000 });
  }
  const { state } = await server.mailbox('sales@contoso.test');
  assert.ok(['idle', 'retrieving'].includes(state), state);
});

scenario('a mail that can\'t be read waits for a person, its bytes intact', {}, async ({ keep }) => {
  const lab = await keep(startLab());
  const server = await keep(startServer({ anchors: [lab.facts.anchor] }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  await addAccount(server, { user: 'sales@contoso.test', imap: lab.facts.imap, smtp: lab.facts.smtp });
  await authorize(server, 'sales', 'sales@contoso.test', lab.signIn);
  // However deep mails are read: no mail begins so.
  const raw = Buffer.from('X-nothing: nothing\r\n\r\n\x00\xff nothing\r\n', 'latin1');
  await lab.api('mail?mailbox=sales%40contoso.test', raw);
  await lab.mail('sales@contoso.test', 'From: b@example.com\r\nTo: sales@contoso.test\r\nSubject: behind it\r\n\r\nHello\r\n');
  await server.caseAbout('behind it');
  const exception = await until('the mail in the exception queue', async () => (await server.api('exceptions')).items[0]);
  assert.equal(exception.mailbox, 'sales@contoso.test');
  assert.ok(exception.reason, 'it says why');
  const stored = await server.api(`exceptions/${exception.id}/raw`);
  assert.ok(stored.equals(raw), 'the bytes are those that were put in');
  assert.equal((await server.api('cases')).items.length, 1);
});
