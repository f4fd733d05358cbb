#!/usr/bin/env node
// What an idle mailbox costs: memory and CPU of `postroom serve` with N mailboxes that wait in IDLE over TLS, less the same without any.
// The other side is a lab in a process of its own; all mailboxes are opened with one account's token. Fails where a mailbox is not idle,
// or does not hear of a new mail afterwards.
//
//     bench/idle.mjs [N…]      1000, unless told otherwise; REST (30): seconds at rest over which CPU is counted
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { delay, root, until } from '../test/support/scratch.mjs';

process.env.POSTROOM ??= path.join(root, 'build/bench/postroom');
const { authorize, setUp, startLab, startServer } = await import('../test/support/house.mjs');

const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1_000];
const rest = Number(process.env.REST || 30);
const user = 'sales@contoso.test';
const address = (i) => `box${i}@contoso.test`;

const status = (pid, field) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
const ticks = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const cpu = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticks;
};

async function measure(count) {
  const kept = [];
  const keep = async (thing) => {
    kept.unshift(await thing);
    return kept[0];
  };
  try {
    const mailboxes = Array.from({ length: count }, (_, i) => ({ address: address(i + 1), full_access: [user] }));
    const lab = await keep(startLab({ tenant: { mailboxes } }));
    const server = await keep(startServer({ anchors: [lab.facts.anchor] }));
    await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
    await server.command('account', 'add', 'sales', '--department', 'Customer care', '--application', 'provider', '--kind', 'shared',
      '--user', user, '--imap-host', lab.facts.imap, '--smtp-host', lab.facts.smtp);
    await server.command('mailbox', 'add', user, '--account', 'sales', '--baseline', 'all', '--after', 'leave');
    const outcome = await authorize(server, 'sales', user, lab.signIn);
    assert.equal(outcome.state, 'accepted', outcome.reason);
    await server.idle(user);

    // Each figure from a process that did nothing else: the console's work for whoever adds mailboxes is not theirs.
    const again = async () => {
      await server.end();
      await server.begin();
    };
    // Asked of the store's file, since an answer of the API about all of them would be memory as well.
    const idle = () => Number(execFileSync('sqlite3', ['-readonly', path.join(server.folder, 'store/postroom.db'),
      "SELECT count(*) FROM mailbox WHERE state = 'idle' AND last_success >= " + begun], { encoding: 'utf8' }));
    const settled = async () => {
      let before = -1;
      await until('memory being at rest', () => {
        const now = cpu(server.child.pid);
        const still = now - before < 0.02;
        before = now;
        return still;
      }, { limit: 120_000, pause: 2_000 });
      return { rss: status(server.child.pid, 'VmRSS'), anonymous: status(server.child.pid, 'RssAnon') };
    };
    let begun = Date.now();
    await again();
    await until('the first mailbox', () => idle() === 1);
    const none = await settled();

    for (const mailbox of mailboxes)
      await server.api('mailboxes', { address: mailbox.address, account: 'sales', baseline: 'all', after: 'leave' });
    begun = Date.now();
    await again();
    const sinceBegun = process.hrtime.bigint();
    await until('all mailboxes being idle', () => idle() === count + 1, { limit: 300_000, pause: 500 });
    const start = Number(process.hrtime.bigint() - sinceBegun) / 1e9;
    const all = await settled();
    const before = cpu(server.child.pid);
    await delay(rest * 1_000);
    const used = cpu(server.child.pid) - before;

    const arrived = Date.now();
    await lab.mail(address(count), 'From: a@example.com\r\nTo: b@contoso.test\r\nSubject: Hello\r\nMessage-ID: <hello@example.com>\r\n\r\nHello\r\n');
    await server.caseAbout('Hello', { pause: 10 });
    const heard = Date.now() - arrived;

    const each = (kind) => ((all[kind] - none[kind]) / count).toFixed(1);
    console.log(`| ${count} | ${(all.rss / 1024).toFixed(1)} | ${(none.rss / 1024).toFixed(1)} | ${each('rss')} | ${each('anonymous')} | ${((used / rest) * 100).toFixed(2)} % | ${start.toFixed(1)} | ${heard} |`);
  } catch (error) {
    for (const each of kept) if (each.log) console.error(each.log().slice(-4_000));
    throw error;
  } finally {
    for (const each of kept) await each.stop();
  }
}

console.log('\n| idle mailboxes | RSS MiB | with one | KiB a mailbox | of it anonymous | CPU at rest | s from start to all idle | ms from a mail to its case |');
console.log('| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
for (const size of sizes) await measure(size);
