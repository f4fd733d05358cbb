// What may befall the ground that a store stands on: its disk, its descriptors, whoever else opens its file.
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { powerCutProgram, program } from './house.mjs';
import { atExit, scratchFolder, start, until } from './scratch.mjs';

/** In a mount namespace of its own, which an ordinary user has only together with a user namespace. */
const unshare = ['unshare', process.getuid() === 0 ? '-m' : '-Urm'];

function mayMount() {
  const { folder, remove } = scratchFolder('mount');
  const { status } = spawnSync(unshare[0], [...unshare.slice(1), 'mount', '-t', 'tmpfs', 'tmpfs', folder]);
  remove();
  return status === 0;
}

/** Writes into the file until its disk takes nothing more. */
function fillUp(name) {
  const file = openSync(name, 'w');
  for (let piece = Buffer.alloc(1 << 20); piece.length > 0;) {
    try {
      if (writeSync(file, piece) < piece.length) piece = piece.subarray(0, piece.length >> 1);
    } catch (error) {
      if (error.code !== 'ENOSPC') throw error;
      piece = piece.subarray(0, piece.length >> 1);
    }
  }
  closeSync(file);
}

/**
 * Moves PostgreSQL's database to a disk of a few megabytes, before anybody uses it; its log stays where it is. Nothing where this user may
 * not mount one for another: PostgreSQL runs as an ordinary user, and not in a user namespace that would make it root.
 */
export function smallTablespace(database) {
  if (process.getuid() !== 0) return undefined;
  const { folder, remove } = scratchFolder('tablespace');
  const owner = ['-u', '-g'].map((flag) => execFileSync('id', [flag, 'postgres']).toString().trim());
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=24m,mode=700,uid=${owner[0]},gid=${owner[1]}`, 'tmpfs', folder]);
  const clear = () => { spawnSync('umount', ['-l', folder]); };
  const forget = atExit(clear);
  for (const sql of [`CREATE TABLESPACE small LOCATION '${folder}'`, 'ALTER DATABASE postgres SET TABLESPACE small'])
    execFileSync('/usr/bin/psql', [database.url.replace('/postgres?', '/template1?'), '-qX', '-v', 'ON_ERROR_STOP=1', '-c', sql]);
  const ballast = path.join(folder, 'ballast');
  return {
    name: 'tablespace',
    fill: () => fillUp(ballast),
    empty: () => rmSync(ballast),
    stop() { forget(); clear(); remove(); },
  };
}

/**
 * A server whose store lies on a disk of a few megabytes: a real one where this user may mount, otherwise one that the program simulates.
 * `by` is for startServer(); fill(server) and empty(server) do what they say. `words` tell which it is.
 */
export function smallDisk() {
  if (!mayMount())
    return {
      words: 'nothing may be mounted here: the full disk is simulated beneath SQLite',
      by: [powerCutProgram],
      fill: (server) => server.child.kill('SIGUSR1'),
      empty: (server) => server.child.kill('SIGUSR1'),
    };
  const ballast = (server) => path.join('/proc', String(server.child.pid), 'root', server.folder, 'store/ballast');
  return {
    words: 'the full disk is a tmpfs of 24 MiB',
    by: [...unshare, 'sh', '-c', 'mkdir -p store && mount -t tmpfs -o size=24m,mode=700 tmpfs store && exec "$@"', 'sh', program],
    fill: (server) => fillUp(ballast(server)),
    empty: (server) => rmSync(ballast(server)),
  };
}

/** Killed, whether or not anybody has noticed. */
function isGone(pid) {
  try {
    return /\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return true;
  }
}

/** The process can open nothing any more, whatever it closes, until the function that this returns is called. */
export function useUpDescriptors({ child: { pid } }) {
  if (isGone(pid)) return () => {};
  const [, soft] = /Max open files +(\d+)/.exec(readFileSync(`/proc/${pid}/limits`, 'utf8')) ?? [];
  const limit = (most) => {
    const { status, stderr } = spawnSync('prlimit', ['--pid', String(pid), `--nofile=${most}:`]);
    if (status !== 0 && !isGone(pid)) throw new Error(`prlimit: ${stderr}`);
  };
  limit(3);
  return () => limit(soft);
}

/** Processor seconds that it has taken so far. */
export function processorSeconds({ child: { pid } }) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Another program that has the SQLite file to itself, until the function that this resolves with is called. */
export async function lockStore(server) {
  const child = start('sqlite3', [path.join(server.folder, 'store/postroom.db')], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.write('.timeout 60000\nBEGIN EXCLUSIVE;\nSELECT \'locked\';\n');
  await until('the file being locked', () => child.output.includes('locked'), { pause: 20 });
  return async () => {
    child.stdin.end('ROLLBACK;\n');
    await child.ended;
  };
}
