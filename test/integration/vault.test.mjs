// The vault's master key beside running servers: replaced under load and with kills, told where it is wrong, and everything verified.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { addAccount, authorize, program, run, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { delay, start, stop, until } from '../support/scratch.mjs';

const keyFile = (server) => path.join(server.folder, 'vault.key');
const keys = (server) => readFileSync(keyFile(server), 'utf8').trim().split('\n');
const vault = (server, word, ...more) => run(['vault', word, '--config', server.file, ...more], { cwd: server.folder });

async function startAuthorized({ keep, store }) {
  const lab = await keep(startLab());
  const server = await keep(startServer({ anchors: [lab.facts.anchor], ...(store && { store }) }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  const [user] = lab.facts.users;
  const name = await addAccount(server, { user, imap: lab.facts.imap, smtp: lab.facts.smtp });
  const outcome = await authorize(server, name, user, lab.signIn);
  assert.equal(outcome.state, 'accepted', outcome.reason);
  await server.idle(user);
  return { lab, server, user, name };
}

const mailFrom = (subject, user) => `From: Ann <ann@example.com>\r\nTo: ${user}\r\nSubject: ${subject}\r\nMessage-ID: <${subject.replaceAll(' ', '-')}@example.com>\r\n\r\nHello\r\n`;

/** Begins anew, which must fail, and what was said. */
async function refusal(server) {
  await server.end();
  server.launch();
  await server.child.ended;
  return { code: server.child.exitCode, words: server.child.output };
}

scenario('the master key is replaced while mail flows, and kills lose nothing', { limit: 120_000 }, async ({ keep, t }) => {
  const { lab, server, user, name } = await startAuthorized({ keep });
  const [first] = keys(server);
  let busy = true;
  let served = 0;
  const load = (async () => {
    while (busy) {
      // Sealing and unsealing all the while: sign-ins begun and finished.
      const outcome = await authorize(server, name, user, lab.signIn);
      assert.equal(outcome.state, 'accepted', outcome.reason);
      served += 1;
    }
  })();
  try {
    for (const after of [5, 40, 150, 600, 1500, 2500]) {
      const child = start(program, ['vault', 'rotate', '--config', server.file], { cwd: server.folder });
      await Promise.race([delay(after), child.ended]);
      child.kill('SIGKILL');
      await child.ended;
      const verified = await vault(server, 'verify');
      assert.equal(verified.code, 0, `killed after ${after} ms: ${verified.out}${verified.err}`);
      assert.match(verified.out, /everything can be read/);
    }
    const ended = await until('a rotation that ends', async () => {
      const rotated = await vault(server, 'rotate');
      if (rotated.code !== 0) assert.match(rotated.err, /being replaced by another process/);
      return rotated.code === 0 && rotated;
    }, { limit: 40_000, pause: 1_000 });
    assert.match(ended.out, /everything is sealed with the master key [0-9a-f]{16} now/);
  } finally {
    busy = false;
    await load;
  }
  t.diagnostic(`${served} sign-ins while the key was replaced`);
  assert.ok(served > 0);
  assert.notEqual(keys(server)[0], first);
  assert.ok(keys(server).includes(first), 'the old key is kept');
  assert.equal(statSync(keyFile(server)).mode & 0o777, 0o600);
  await lab.mail(user, mailFrom('after the change', user));
  await server.caseAbout('after the change');

  const early = await vault(server, 'forget');
  assert.equal(early.code, 0, early.err);
  assert.match(early.out, /^kept, since a server that slept might still use them: [0-9a-f]{16}/);
  assert.ok(keys(server).includes(first), 'the old key was forgotten too early');

  // What a flight had in its hands may be sealed with the old key: then another rotation ends it.
  const forgotten = await until('the old keys being unneeded', async () => {
    const { code, out, err } = await vault(server, 'forget', '--now');
    assert.equal(code, 0, err);
    if (keys(server).length === 1) return true;
    await vault(server, 'rotate');
    return out.length === 0;
  }, { limit: 40_000 });
  assert.ok(forgotten);
  await server.end();
  await server.begin();
  await server.idle(user);
  assert.equal((await vault(server, 'verify')).code, 0);
  for (const secret of [first, ...keys(server)]) assert.ok(!server.log().includes(secret), 'the log shows a key');
});

scenario('a wrong key, none, or one that others can read is told at the start', { limit: 90_000 }, async ({ keep }) => {
  const { server, user } = await startAuthorized({ keep });
  const right = keys(server)[0];

  chmodSync(keyFile(server), 0o640);
  const open = await refusal(server);
  assert.equal(open.code, 2, open.words);
  assert.match(open.words, /vault\.key is open to others \(mode 640\)\. Run: chmod 600/);

  chmodSync(keyFile(server), 0o600);
  writeFileSync(keyFile(server), `${Buffer.alloc(32, 7).toString('base64')}\n`);
  const wrong = await refusal(server);
  assert.equal(wrong.code, 2, wrong.words);
  assert.match(wrong.words, /this store's secrets are sealed with the master key [0-9a-f]{16}, and the key file .*vault\.key has only [0-9a-f]{16}/);
  assert.match(wrong.words, /Copy the key file of a server that works, or bring it back from a backup/);

  rmSync(keyFile(server));
  const none = await refusal(server);
  assert.equal(none.code, 2, none.words);
  assert.match(none.words, /can't be read: No such file/);

  // From the environment it is taken, and not left there for others to see.
  server.variables.POSTROOM_MASTER_KEY = right;
  await server.begin();
  await server.idle(user);
  assert.ok(!readFileSync(`/proc/${server.child.pid}/environ`, 'latin1').includes(right));
  const refused = await run(['vault', 'rotate', '--config', server.file], { cwd: server.folder });
  assert.notEqual(refused.code, 0);
  await server.end();

  // As systemd hands it over.
  delete server.variables.POSTROOM_MASTER_KEY;
  writeFileSync(path.join(server.folder, 'postroom-master-key'), right, { mode: 0o400 });
  server.variables.CREDENTIALS_DIRECTORY = server.folder;
  await server.begin();
  await server.idle(user);
});

scenario('a damaged secret is named, and not shown', { limit: 60_000 }, async ({ keep }) => {
  const { server } = await startAuthorized({ keep, store: 'sqlite' });
  await server.end();
  const hex = execFileSync('sqlite3', [path.join(server.folder, 'store/postroom.db'),
    'UPDATE account_grant SET refresh_token = access_token RETURNING lower(hex(account))'], { encoding: 'utf8' }).trim();
  await server.begin();
  const verified = await vault(server, 'verify');
  assert.equal(verified.code, 1);
  assert.ok(verified.out.replaceAll('-', '').includes(`account/${hex}/refreshtoken was changed, or sealed for another place`), verified.out);
  assert.match(verified.out, /1 secret can't be read: authorize its account anew/);
});

scenario('two servers over one store change over together', { limit: 120_000 }, async ({ keep }) => {
  const { lab, server, user } = await startAuthorized({ keep, store: 'postgresql' });
  const other = await keep(startServer({ anchors: [lab.facts.anchor], beside: server }));
  const before = keys(server).length;
  const child = start(program, ['vault', 'rotate', '--config', server.file, '--wait', '600'], { cwd: server.folder });
  await keep({ stop: () => stop(child) });
  await until('the new key being made', () => keys(server).length === before + 1);
  await delay(5_000);
  assert.equal(child.exitCode, null, `it did not wait for the second server: ${child.output}`);
  const { out } = await vault(server, 'verify');
  assert.equal(out.match(/sealed with the master key/g).length, 1, 'something was sealed with a key that a server lacks');
  copyFileSync(keyFile(server), keyFile(other));
  const { code } = await child.ended;
  assert.equal(code, 0, child.output);
  assert.match(child.output, /Back .*vault\.key up/);
  // Whichever of them opened the mailbox until now.
  await server.end();
  await lab.mail(user, mailFrom('the other one reads', user));
  await other.caseAbout('the other one reads', { limit: 60_000 });

  // A third one that made a key of its own is told.
  writeFileSync(keyFile(other), `${Buffer.alloc(32, 9).toString('base64')}\n`, { mode: 0o600 });
  const told = await refusal(other);
  assert.equal(told.code, 2);
  assert.match(told.words, /another server uses another key/);
});
