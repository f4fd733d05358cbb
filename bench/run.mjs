#!/usr/bin/env node
// Retrieval and dispatch, side by side in one run: Postroom, other clients, and a bare limit that keeps nothing, against one Dovecot and
// one Postfix. Prints mails a second, CPU seconds, peak memory and the ratio to the limit, over several rounds in turn; fails where
// counts or digests differ from what was put in. docs/benchmarks.md says how to read it.
//
//     bench/run.mjs [PART…]      parts: small, large, huge, send (all, unless some are named)
//     ROUNDS (3)  COUNT (5000 small mails)  LARGE (200 mails of 2 MiB)  HUGE (1 mail of 150 MiB)  SENDS (2000)  ONLY (a pattern of names)
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { makeCertificates } from '../test/support/certificates.mjs';
import { startDovecot } from '../test/support/dovecot.mjs';
import { startPostfix } from '../test/support/postfix.mjs';
import { root, scratchFolder, start, until } from '../test/support/scratch.mjs';
import { crlf, fillMaildir, mail } from './mails.mjs';
import { fetchers } from './fetchers.mjs';
import { senders } from './senders.mjs';

const number = (name, otherwise) => Number(process.env[name] || otherwise);
const rounds = number('ROUNDS', 3);
const counts = { small: number('COUNT', 5_000), large: number('LARGE', 200), huge: number('HUGE', 1), send: number('SENDS', 2_000) };
const parts = process.argv.length > 2 ? process.argv.slice(2) : ['small', 'large', 'huge', 'send'];
const only = new RegExp(process.env.ONLY || '');
const programs = process.env.BENCH_PROGRAMS ?? path.join(root, 'build/bench/bench');
const sender = 'small@contoso.test';

const { folder, remove } = scratchFolder('bench');
const at = (...names) => path.join(folder, ...names);

/** Who asks whether a token is good: Dovecot, for itself and for Postfix. The token is the mailbox's name. */
async function startIntrospection() {
  const server = http.createServer((request, response) => {
    let form = '';
    request.on('data', (piece) => { form += piece; }).on('end', () => {
      const upn = new URLSearchParams(form).get('token');
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ active: true, upn }));
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}/introspect`, stop: () => server.close() };
}

/** Runs a command to its end, under the stopwatch; its output is on its `out`. */
async function measure(command, { input, env = {}, cwd } = {}) {
  const took = at('took.json');
  const child = start(path.join(programs, 'bench-measure'), [took, ...command],
    { stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'], cwd, env: { ...process.env, ...env } });
  const out = [];
  child.stdout.setEncoding('utf8').on('data', (piece) => out.push(piece));
  child.stdin?.end(input);
  const closed = new Promise((resolve) => child.once('close', resolve));
  const { code } = await child.ended;
  await closed;
  if (code !== 0) throw new Error(`${command.slice(0, 8).join(' ')} … ended with ${code}: ${child.output.slice(-2_000)}`);
  return { ...JSON.parse(readFileSync(took, 'utf8')), out: out.join('') };
}

/** What a program of ours says of itself: the seconds without its start and its end. */
const said = (measured) => JSON.parse(measured.out);

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)];

/** Both sorted; says how many differ rather than showing thousands. */
function same(got, put, what) {
  const wanted = new Set(put);
  const strange = got.filter((each) => !wanted.has(each)).length;
  assert.ok(got.length === put.length && got.join() === put.join(), `${what}: ${got.length} mails, ${strange} of them others than were put in (${put.length})`);
}

function table(title, results, limitName) {
  const limit = results.find((each) => each.name === limitName);
  console.log(`\n${title}\n`);
  console.log('| | mails/s | lowest to highest | of the limit | CPU s | peak MiB | what it keeps |');
  console.log('| --- | ---: | ---: | ---: | ---: | ---: | --- |');
  for (const { name, keeps, runs } of results) {
    if (runs.length === 0) continue;
    const rates = runs.map((run) => run.mails / run.seconds);
    const digits = Math.min(...rates) < 10 ? 2 : 0;
    // Of the limit in the same round.
    const ratio = limit?.runs.length ? median(runs.map((run) => run.mails / run.seconds / (limit.runs[run.round].mails / limit.runs[run.round].seconds))) : NaN;
    const show = (value, digits = 0) => value.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: digits });
    console.log(`| ${name} | ${show(median(rates), digits)} | ${show(Math.min(...rates), digits)} to ${show(Math.max(...rates), digits)}${runs.length < rounds ? ` (${runs.length} round)` : ''} | ${show(100 * ratio, 1)} % `
      + `| ${show(median(runs.map((run) => run.cpu)), 2)} | ${show(median(runs.map((run) => run.peak_kib)) / 1024)} | ${keeps} |`);
  }
}

/** Each contender once a round, in turn; those that take minutes in the first round only. */
async function inTurn(contenders, once) {
  const results = contenders.filter((each) => each.limit || only.test(each.name)).map((each) => ({ ...each, runs: [] }));
  for (let round = 0; round < rounds; round += 1)
    for (const each of results) {
      if (each.slow && round > 0) continue;
      const scratch = at('scratch');
      mkdirSync(scratch);
      chmodSync(scratch, 0o700);
      const result = await once(each, scratch);
      rmSync(scratch, { recursive: true });
      each.runs.push({ round, ...result });
      console.log(`round ${round + 1}: ${each.name}: ${(result.mails / result.seconds).toFixed(0)} mails/s (${result.mails} in ${result.seconds.toFixed(2)} s), CPU ${result.cpu.toFixed(2)} s, peak ${(result.peak_kib / 1024).toFixed(0)} MiB`);
    }
  return results;
}

async function retrieval(kind, { dovecot, certificates }) {
  const user = `${kind}@contoso.test`;
  let put;
  dovecot.fill(user, (maildir) => { put = fillMaildir(maildir, kind, counts[kind], user); });
  const token = at(`token-${kind}`);
  writeFileSync(token, user);
  const world = { programs, ports: dovecot.ports, anchor: certificates.anchor, user, token, measure, said };

  // Makes Dovecot's indexes, which nobody should pay for alone; and shows that the limit reads what was put in.
  const warm = await measure([path.join(programs, 'bench-bare-fetch'), `${dovecot.ports.imaps}`, certificates.anchor, user, token, 'sha256']);
  same(warm.out.trim().split('\n').sort(), put.digests, 'the server');

  // How much memory a huge one takes is the question, and only ours is asked.
  const contenders = kind === 'huge' ? fetchers.filter((each) => each.limit || each.name === 'Postroom, filed') : fetchers;
  const results = await inTurn(contenders, async (each, scratch) => {
    const result = await each.run({ ...world, scratch });
    assert.equal(result.mails, put.digests.length, `${each.name}: mails are missing`);
    if (result.bytes !== undefined) assert.equal(result.bytes, put.bytes, `${each.name}: octets are missing`);
    if (result.digests) same(result.digests, put.digests, each.name);
    return result;
  });
  table(`Retrieval: ${counts[kind]} mails of ${{ small: '10 KiB', large: '2 MiB', huge: '150 MiB' }[kind]}, ${rounds} rounds`, results, fetchers[0].name);
  return results;
}

async function dispatch({ dovecot, certificates }) {
  const postfix = await startPostfix({
    certificates, dovecot, domains: ['example.com'], settings: { virtual_transport: 'discard:', in_flow_delay: '0' },
  });
  try {
    const token = at('token-send');
    writeFileSync(token, sender);
    const mails = at('mails');
    mkdirSync(mails);
    const files = [];
    const texts = [];
    const ids = [];
    for (let i = 1; i <= counts.send; i += 1) {
      const octets = mail('small', i, 'customer@example.com').replace(/^Return-Path:.*\n/, '');
      files.push(path.join(mails, `${i}.eml`));
      writeFileSync(files.at(-1), crlf(octets), 'latin1');
      texts.push(path.join(mails, `${i}.txt`));
      writeFileSync(texts.at(-1), octets.slice(octets.indexOf('\n\n') + 2));
      ids.push(`bench-small-${i}@example.com`);
    }
    writeFileSync(at('files'), `${files.join('\n')}\n`);
    const world = {
      programs, ports: dovecot.ports, submission: postfix.ports.submission, anchor: certificates.anchor, user: sender, token, measure, said,
      sender, recipient: 'customer@example.com', files, texts, list: at('files'),
    };
    for (const connections of [1, 4]) {
      const able = senders.filter((each) => connections === 1 || each.several);
      const results = await inTurn(able, async (each, scratch) => {
        const before = postfix.log().length;
        const result = await each.run({ ...world, connections, scratch });
        // The next one must not pay for what this one left in the queue.
        let log = '';
        await until('Postfix delivering all', () => {
          log = postfix.log().slice(before);
          return log.split(': removed').length - 1 >= counts.send;
        }, { limit: 120_000, pause: 250 });
        const queued = [...log.matchAll(/cleanup\[\d+\]: \w+: message-id=<([^>]*)>/g)].map((match) => match[1]).sort();
        same(queued, [...(result.ids ?? ids)].sort(), each.name);
        assert.equal(log.split('status=sent').length - 1, counts.send, `${each.name}: not all were delivered`);
        const sizes = [...log.matchAll(/qmgr\[\d+\]: \w+: from=<[^>]*>, size=(\d+)/g)].map((match) => Number(match[1]));
        assert.ok(Math.min(...sizes) > 9_000 && Math.max(...sizes) < 14_000, `${each.name}: the mails have another size`);
        return { mails: queued.length, ...result };
      });
      table(`Dispatch: ${counts.send} mails of 10 KiB, ${connections} connection${connections > 1 ? 's' : ''}, ${rounds} rounds`, results, senders[0].name);
    }
  } finally {
    await postfix.stop();
  }
}

function machine() {
  const release = /PRETTY_NAME="(.*)"/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  const version = (...command) => execFileSync(command[0], command.slice(1), { encoding: 'utf8' }).trim().split('\n')[0];
  return `${new Date().toISOString().slice(0, 16)}Z · ${os.cpus().length} × ${os.cpus()[0].model} · ${(os.totalmem() / 2 ** 30).toFixed(0)} GiB · ${release} · Linux ${os.release()} `
    + `· ${version('dovecot', '--version')} · load ${os.loadavg()[0].toFixed(1)} before it began`;
}

console.log(machine());
const introspection = await startIntrospection();
const certificates = makeCertificates(folder);
const dovecot = await startDovecot({
  certificates, mechanisms: 'xoauth2 oauthbearer plain', introspection: { url: introspection.url, anchor: certificates.anchor, userAttribute: 'upn' }, pop3: true,
});
try {
  for (const kind of ['small', 'large', 'huge']) if (parts.includes(kind)) await retrieval(kind, { dovecot, certificates });
  if (parts.includes('send')) await dispatch({ dovecot, certificates });
} finally {
  await dovecot.stop();
  introspection.stop();
  remove();
}
