// What `make run` does, all the way: set up by commands, granted through the sign-in form, retrieved, answered,
// delivered; twice over one store, and refused where a port is taken.
import assert from 'node:assert/strict';
import net from 'node:net';
import test from 'node:test';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { freePorts, patience, root, scratchFolder, start } from '../support/scratch.mjs';

const run = (folder, base, ...more) => start(path.join(root, 'tools/run'), ['--directory', folder, '--base-port', String(base), ...more], { cwd: root });

test('a newcomer sees mail arrive, answered and delivered', { timeout: 300_000 * patience }, async (t) => {
  const { folder, remove } = scratchFolder('run');
  t.after(remove);
  const base = await freePorts(7);
  const first = run(folder, base, '--once');
  assert.deepEqual(await first.ended, { code: 0, signal: null }, first.output);
  assert.match(first.output, /mail arrived for support@contoso\.test/);
  assert.match(first.output, /case \d+ was answered, and \S+ has the answer/);
  assert.equal(statSync(path.join(folder, 'admin-password')).mode & 0o777, 0o600);
  const log = readFileSync(path.join(folder, 'serve.log'), 'utf8');
  for (const secret of [readFileSync(path.join(folder, 'admin-password'), 'utf8').trim(), 'Bearer', 'eyJ'])
    assert.ok(!log.includes(secret), 'the log holds no secret');

  const again = run(folder, base, '--once');
  assert.deepEqual(await again.ended, { code: 0, signal: null }, again.output);
  assert.doesNotMatch(again.output, /mail arrived|an identity application/, 'what is there is used again');
});

test('a port in use is named, with who has it', { timeout: 60_000 * patience }, async (t) => {
  const { folder, remove } = scratchFolder('run');
  t.after(remove);
  const base = await freePorts(7);
  const taken = net.createServer();
  await new Promise((resolve) => taken.listen(base, '127.0.0.1', resolve));
  t.after(() => taken.close());
  const child = run(folder, base, '--once');
  assert.equal((await child.ended).code, 1);
  assert.match(child.output, new RegExp(`port ${base} is in use by node \\(process ${process.pid}\\)`));
});
