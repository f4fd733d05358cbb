#!/usr/bin/env node
// What the check list costs: `postroom check` of all items over N accounts with a mailbox each, every one authorized through a lab in a
// process of its own; first of one account alone, then of everything. Timed from the start of the command until its report. Fails where
// anything fails, or a goal is missed: 2 s for one account, 60 s for 1,000.
//
//     bench/check.mjs [N…]     1000, unless told otherwise; SEND=1: with the marked mails; STORE=postgresql
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root } from '../test/support/scratch.mjs';

process.env.POSTROOM ??= path.join(root, 'build/bench/postroom');
const { addAccount, authorize, run, setUp, startLab, startServer } = await import('../test/support/house.mjs');

const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1_000];
const send = process.env.SEND ? ['--send'] : [];
const goals = { one: 2, thousand: 60 };

/** So many of them at once. */
async function each(count, atOnce, work) {
  let next = 0;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (next < count) await work(next++);
  }));
}

const peak = (pid) => Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

async function check(server, ...more) {
  const begun = performance.now();
  const ended = await run(['check', ...send, ...more, '--socket', server.socket, '--format', 'json'], { limit: 600_000 });
  const took = (performance.now() - begun) / 1_000;
  const { findings } = JSON.parse(ended.out);
  const failing = findings.filter((found) => found.outcome === 'fails');
  assert.deepEqual(failing.map((found) => `${found.item} (${found.subject}): ${found.evidence}`).slice(0, 5), []);
  return { took, findings: findings.length };
}

async function measure(count) {
  const kept = [];
  const keep = async (thing) => {
    kept.unshift(await thing);
    return kept[0];
  };
  try {
    const users = Array.from({ length: count }, (_, i) => `user${i + 1}@contoso.test`);
    const lab = await keep(startLab({ tenant: { users: users.map((upn) => ({ upn })) } }));
    const server = await keep(startServer({ anchors: [lab.facts.anchor], store: process.env.STORE ?? 'sqlite' }));
    await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
    await lab.api('applications', { client_id: lab.facts.client_id, redirect_uris: [`${server.url}/oauth/callback`] });
    await each(count, 4, async (at) => {
      const name = await addAccount(server, { user: users[at], imap: lab.facts.imap, smtp: lab.facts.smtp, after: 'leave' });
      assert.equal((await authorize(server, name, users[at], lab.signIn)).state, 'accepted');
    });
    const load = os.loadavg()[0].toFixed(1);
    const ones = [];
    for (let round = 0; round < 5; ++round) ones.push(await check(server, '--account', 'user1'));
    ones.sort((a, b) => a.took - b.took);
    const one = ones[2];
    const all = await check(server);
    console.log(`| ${count} | ${one.findings} | ${one.took.toFixed(2)} | ${all.findings} | ${all.took.toFixed(1)} | ${peak(server.child.pid).toFixed(0)} | ${load} |`);
    assert.ok(one.took < goals.one, 'one account took too long');
    assert.ok(all.took < goals.thousand * Math.max(1, count / 1_000), 'all of them took too long');
  } catch (error) {
    for (const thing of kept) if (thing.log) console.error(thing.log().slice(-4_000));
    throw error;
  } finally {
    for (const thing of kept) await thing.stop();
  }
}

console.log(`\nThe whole list${send.length > 0 ? ', marked mails included' : ''}.\n`);
console.log('| accounts | findings of one | s, median of 5 | findings of all | s | peak MiB of the server | load |');
console.log('| ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
for (const size of sizes) await measure(size);
