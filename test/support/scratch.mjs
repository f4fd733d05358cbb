// Folders, free ports and child processes of a test, all gone when it ends.
import { spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

// Limits end what would hang, and prove nothing about speed. Each is written for a machine that has nothing else to do; where four files
// share two processors, and the program is under sanitizers, everything may take this many times as long. LIMIT_TIMES=1 for who looks for a hang.
export const patience = Number(process.env.LIMIT_TIMES ?? 4);

export const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../..');

// What a test that was cut off would leave behind; called without waiting when this process ends.
const leftovers = new Set();
process.once('exit', () => { for (const clear of [...leftovers].reverse()) clear(); });
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/** Has `clear` called when this process ends, unless the function that it returns was called before. */
export function atExit(clear) {
  leftovers.add(clear);
  return () => leftovers.delete(clear);
}

/** Also where a server's last children are still writing. */
function removeFolder(folder) {
  for (let tries = 1; ; ++tries) {
    try {
      return rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    } catch (error) {
      // What is left in /tmp is no test's failure.
      if (tries === 20) return console.log(`# ${folder} stays: ${error.message}`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    }
  }
}

/** A folder that other users may enter, since mail servers run as users of their own. */
export function scratchFolder(name) {
  const folder = mkdtempSync(path.join(os.tmpdir(), `postroom-${name}-`));
  execFileSync('chmod', ['755', folder]);
  const clear = () => removeFolder(folder);
  const forget = atExit(clear);
  return { folder, remove: () => { forget(); clear(); } };
}

// Files of tests run side by side, and the kernel gives the ports that it chooses to connections, too. So each process takes ports from
// a block of its own, below those: it holds the block's first one for as long as it lives.
const blocks = { first: 10_000, last: 32_000, size: 64 };
let block;

function listenOn(port) {
  const server = net.createServer();
  return new Promise((resolve) => server.once('error', () => resolve(undefined)).listen(port, '127.0.0.1', () => resolve(server)));
}

async function takeBlock() {
  for (let tries = 0; tries < 1_000; ++tries) {
    const start = blocks.first + blocks.size * Math.floor(Math.random() * ((blocks.last - blocks.first) / blocks.size));
    const guard = await listenOn(start);
    if (!guard) continue;
    guard.unref();
    return { next: start + 1, end: start + blocks.size };
  }
  throw new Error('no block of ports is free');
}

/** The first of `count` ports in a row on loopback that nobody listens on, and that no other test gets. */
export async function freePorts(count) {
  for (;;) {
    if (!block || block.next + count > block.end) block = await takeBlock();
    const first = block.next;
    block.next += count;  // before waiting, since others may ask meanwhile
    const servers = await Promise.all(Array.from({ length: count }, (_, i) => listenOn(first + i)));
    await Promise.all(servers.map((server) => server && new Promise((resolve) => server.close(resolve))));
    if (servers.every(Boolean)) return first;
  }
}

export const freePort = () => freePorts(1);

/** Has a server of the test's own listen on loopback; its end is the end of `sockets`, too. */
export async function serve(server, sockets) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `localhost:${server.address().port}`,
    stop: () => new Promise((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(resolve);
    }),
  };
}

export const delay = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

/** Asks until the answer is truthy; throws what was asked last after `limit`, times `patience`. */
export async function until(what, ask, { limit: quiet = 30_000, pause = 100 } = {}) {
  const limit = quiet * patience;
  const end = Date.now() + limit;
  for (let last; ; await delay(pause)) {
    try {
      const answer = await ask();
      if (answer) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`${what} did not come about within ${limit} ms; last: ${last?.stack ?? last}`);
  }
}

export async function listening(port, limit = 20_000) {
  await until(`somebody listening on port ${port}`, () => new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true); });
    socket.on('error', () => resolve(false));
  }), { limit });
}

/** Starts a program; its output is kept for whoever asks why, and is whole when it has `ended`. */
export function start(program, args, options = {}) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  child.output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text) => { child.output = (child.output + text).slice(-200_000); });
  const forget = atExit(() => child.kill(child.endsBy ?? 'SIGKILL'));
  child.ended = new Promise((resolve) => child.once('exit', (code, signal) => {
    forget();
    // What it said last is read after its exit; who has inherited its output may keep that open.
    const timer = setTimeout(resolve, 5_000, { code, signal });
    child.once('close', () => { clearTimeout(timer); resolve({ code, signal }); });
  }));
  child.once('error', (error) => { child.output += String(error); });
  return child;
}

/** Asks it to stop, and makes it after `limit`, times `patience`. */
export async function stop(child, limit = 15_000) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), limit * patience);
  await child.ended;
  clearTimeout(timer);
}
