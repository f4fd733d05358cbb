#!/usr/bin/env node
// What an idle mailbox costs: memory and CPU of `postroom serve` with N mailboxes that wait in IDLE over TLS, less the same without any;
// and how long mail takes that comes to all of them, a hundred a second. The other side is a lab in a process of its own; all mailboxes
// are opened with one account's token. Fails where a mailbox is not idle, or a mail is not filed.
//
//     bench/idle.mjs [N…]      1000, unless told otherwise
//
// REST (330): seconds at rest over which CPU is counted; every IDLE is renewed within 300. LOAD (60): seconds of mail, RATE (100) a second.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { delay, root, until } from '../test/support/scratch.mjs';

process.env.POSTROOM ??= path.join(root, 'build/bench/postroom');
const { authorize, setUp, startLab, startServer } = await import('../test/support/house.mjs');

const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1_000];
const rest = Number(process.env.REST || 330);
const load = Number(process.env.LOAD || 60);
const rate = Number(process.env.RATE || 100);
const user = 'sales@contoso.test';
const addressOf = (i) => `box${i}@contoso.test`;

const status = (pid, field) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
const ticks = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const cpu = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticks;
};

/** A store's file, asked again and again by one process. */
function openStore(file) {
  const child = spawn('sqlite3', ['-readonly', file], { stdio: ['pipe', 'pipe', 'inherit'] });
  let out = '';
  let answered;
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text;
    if (!out.endsWith('end\n')) return;
    answered(out.split('\n').slice(0, -2));
    out = '';
  });
  return {
    ask: (query) => new Promise((resolve) => {
      answered = resolve;
      child.stdin.write(`${query};\n.print end\n`);
    }),
    stop: () => child.kill(),
  };
}

// Mail for one mailbox after another, at an even rate; how long each took from being handed to the lab until the store, asked without a
// pause, had it. Nobody has two, unless there are more mails than mailboxes.
async function deliver(lab, file, count) {
  const store = openStore(file);
  try {
    const address = new Map((await store.ask('SELECT hex(id), address FROM mailbox')).map((row) => row.split('|')));
    let last = Number((await store.ask('SELECT coalesce(max(rowid), 0) FROM message'))[0]);
    const sent = new Map();
    const took = [];
    const all = load * rate;
    const begun = performance.now();
    const troubles = [];
    const send = async () => {
      for (let i = 0; i < all; ++i) {
        await delay(Math.max(0, begun + (i * 1_000) / rate - performance.now()));
        const to = addressOf(1 + ((i * 7919) % count));
        const raw = `From: customer${i}@example.com\r\nTo: ${to}\r\nSubject: Load ${i}\r\nMessage-ID: <load-${i}@example.com>\r\n\r\n${i}\r\n`;
        sent.set(to, [...(sent.get(to) ?? []), performance.now()]);
        lab.mail(to, raw).catch((error) => troubles.push(error));
      }
    };
    const sending = send();
    while (took.length < all) {
      if (troubles.length > 0) throw troubles[0];
      assert.ok(performance.now() - begun < (load + 60) * 1_000, `of ${all} mails ${took.length} were filed`);
      const rows = await store.ask(`SELECT rowid, hex(mailbox) FROM message WHERE rowid > ${last} ORDER BY rowid`);
      const now = performance.now();
      for (const row of rows) {
        const [id, mailbox] = row.split('|');
        last = Number(id);
        took.push(now - sent.get(address.get(mailbox)).shift());
      }
      await delay(1);
    }
    await sending;
    took.sort((a, b) => a - b);
    return { median: took[Math.floor(all / 2)], late: took[Math.floor(all * 0.99)], longest: took.at(-1) };
  } finally {
    store.stop();
  }
}

async function measure(count) {
  const kept = [];
  const keep = async (thing) => {
    kept.unshift(await thing);
    return kept[0];
  };
  try {
    const mailboxes = Array.from({ length: count }, (_, i) => ({ address: addressOf(i + 1), full_access: [user] }));
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
        const still = now - before < 0.02 + count / 100_000;
        before = now;
        return still;
      }, { limit: 120_000, pause: 2_000 });
      return { rss: status(server.child.pid, 'VmRSS'), anonymous: status(server.child.pid, 'RssAnon') };
    };
    let begun = Date.now();
    await again();
    await until('the first mailbox', () => idle() === 1);
    const none = await settled();

    // Into the store's file, since the API takes them one by one.
    await server.end();
    const copies = mailboxes.map((mailbox) => `UPDATE fresh SET id = randomblob(16), address = '${mailbox.address}'; INSERT INTO mailbox SELECT * FROM fresh;`);
    execFileSync('sqlite3', ['-bail', path.join(server.folder, 'store/postroom.db')], {
      input: `BEGIN; CREATE TEMP TABLE fresh AS SELECT * FROM mailbox; UPDATE fresh SET uid_validity = 0, state = 'waiting', last_success = NULL; ${copies.join('\n')} COMMIT;`,
    });
    begun = Date.now();
    await server.begin();
    const sinceBegun = process.hrtime.bigint();
    await until('all mailboxes being idle', () => idle() === count + 1, { limit: 300_000 + 30 * count, pause: 500 });
    const start = Number(process.hrtime.bigint() - sinceBegun) / 1e9;
    const all = await settled();
    const before = cpu(server.child.pid);
    await delay(rest * 1_000);
    const used = cpu(server.child.pid) - before;

    const busy = cpu(server.child.pid);
    const delivery = await deliver(lab, path.join(server.folder, 'store/postroom.db'), count);
    const working = cpu(server.child.pid) - busy;

    const each = (kind) => ((all[kind] - none[kind]) / count).toFixed(1);
    const row = [count, (all.rss / 1024).toFixed(1), (none.rss / 1024).toFixed(1), each('rss'), each('anonymous'),
      `${((used / rest) * 100).toFixed(2)} %`, start.toFixed(1), `${delivery.median.toFixed(0)} / ${delivery.late.toFixed(0)} / ${delivery.longest.toFixed(0)}`,
      `${((working / load) * 100).toFixed(1)} %`];
    console.log(`| ${row.join(' | ')} |`);
  } catch (error) {
    for (const each of kept) if (each.log) console.error(each.log().slice(-4_000));
    throw error;
  } finally {
    for (const each of kept) await each.stop();
  }
}

console.log(`\n| idle mailboxes | RSS MiB | with one | KiB a mailbox | of it anonymous | CPU at rest | s from start to all idle | ms from a mail to filed, ${rate} a second: median / 99 % / longest | CPU then |`);
console.log('| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
for (const size of sizes) await measure(size);
