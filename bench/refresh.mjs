#!/usr/bin/env node
// What a restart costs when every grant is due: `postroom serve` over a store of N accounts whose access tokens have ended, and a lab in a
// process of its own whose token endpoint answers so many requests a second and refuses the rest with 429. Measured from the start of the
// process until every answer is stored. Fails where a grant was renewed more or less than once, or is in trouble.
//
//     bench/refresh.mjs [N…]     10000, unless told otherwise; STORE=sqlite or postgresql: one of the two; LIMIT: requests a second (500);
//                                REST (35): seconds at rest over which CPU is counted
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { delay, root, until } from '../test/support/scratch.mjs';

process.env.POSTROOM ??= path.join(root, 'build/bench/postroom');
const { startLab, startServer } = await import('../test/support/house.mjs');

const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [10_000];
const stores = process.env.STORE ? [process.env.STORE] : ['sqlite', 'postgresql'];
const limit = Number(process.env.LIMIT || 500);
const rest = Number(process.env.REST || 35);

const helper = path.join(path.dirname(process.env.POSTROOM), 'bench/bench-refresh');
const ask = (...args) => execFileSync(helper, args, { encoding: 'utf8' });
const memory = (pid, field) => Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
const ticks = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
const cpu = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticks;
};
const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];

async function measure(count, store) {
  const kept = [];
  const keep = async (thing) => {
    kept.unshift(await thing);
    return kept[0];
  };
  try {
    const users = Array.from({ length: count }, (_, i) => `user${i + 1}@contoso.test`);
    const lab = await keep(startLab({ tenant: { users: users.map((upn) => ({ upn, mailbox: false })) } }));
    // Its log says of every renewal how long it was from asking until the answer was stored.
    const server = await keep(startServer({ anchors: [lab.facts.anchor], store, configuration: '[log]\nlevel = "debug"\n' }));
    await server.end();
    const place = server.database?.url ?? path.join(server.folder, 'store/postroom.db');
    const scope = 'openid profile offline_access https://outlook.office.com/IMAP.AccessAsUser.All https://outlook.office.com/SMTP.Send';
    const tokens = await lab.api('refresh-tokens', { users, scope });
    const file = path.join(server.folder, 'tokens');
    writeFileSync(file, users.map((each) => `${each}\t${tokens[each]}\n`).join(''), { mode: 0o600 });
    ask('make', place, path.join(server.folder, 'vault.key'), lab.facts.authority, lab.facts.client_id, lab.facts.client_secret, file);
    await lab.api('settings', { token_requests_a_second: limit });

    const windows = [];
    const rates = [];
    let after = 0;
    server.launch();
    const begun = performance.now();
    const seconds = () => (performance.now() - begun) / 1_000;
    const { pid, stderr } = server.child;
    let pending = '';
    stderr.on('data', (text) => {
      const lines = (pending + text).split('\n');
      pending = lines.pop();
      for (const line of lines) {
        const found = /renewed, ([\d.]+) ms/.exec(line);
        if (found) windows.push(Number(found[1]));
      }
    });
    while (windows.length < count && seconds() < 600) {
      await delay(1_000);
      const { refreshes } = await lab.api('counters');
      rates.push(refreshes - after);
      after = refreshes;
    }
    const took = seconds();
    const [used, peak] = [cpu(pid), memory(pid, 'VmHWM')];
    await until('every answer being stored', () => JSON.parse(ask('count', place)).once === count, { limit: 10_000 });
    const counted = JSON.parse(ask('count', place));
    const { token_excess: excess } = await lab.api('counters');
    const refreshes = Object.values(await lab.api('refreshes'));
    assert.deepEqual(counted, { once: count, oftener: 0, trouble: 0, asked: 0 });
    assert.equal(refreshes.length, count);
    assert.ok(refreshes.every((each) => each === 1), 'a grant was renewed more than once');

    const before = cpu(pid);
    await delay(rest * 1_000);
    const idle = ((cpu(pid) - before) / rest) * 100;
    windows.sort((a, b) => a - b);
    const window = [0.5, 0.99, 1].map((q) => quantile(windows, q).toFixed(1)).join(' / ');
    console.log(`| ${store} | ${count} | ${took.toFixed(1)} | ${Math.max(...rates)} | ${excess} | ${used.toFixed(1)} | ${peak.toFixed(1)} | ${window} | ${idle.toFixed(2)} % | ${ask('look', place).trim()} |`);
    console.log(`\nrenewed in each second: ${rates.join(' ')}; load ${os.loadavg().map((each) => each.toFixed(1)).join(' ')}\n`);
  } catch (error) {
    for (const each of kept) if (each.log) console.error(each.log().slice(-4_000));
    throw error;
  } finally {
    for (const each of kept) await each.stop();
  }
}

console.log(`\nAt most ${limit} requests a second.\n`);
console.log('| store | grants | s from start to all renewed | most in a second | 429s | CPU s | peak MiB | ms from asking to stored: median / 99 % / longest | CPU at rest | ms to plan |');
console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |');
for (const size of sizes) for (const store of stores) await measure(size, store);
