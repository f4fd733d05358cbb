// Debian's PostgreSQL with a cluster of its own, on a Unix socket alone, as an ordinary user, with fsync as it comes. Never the
// system's instance.
import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { scratchFolder, start, until } from './scratch.mjs';

const versions = '/usr/lib/postgresql';

function programs() {
  const newest = existsSync(versions) && readdirSync(versions).map(Number).filter(Boolean).sort((a, b) => a - b).at(-1);
  if (!newest) throw new Error('PostgreSQL is not installed: run tools/bootstrap test');
  return path.join(versions, String(newest), 'bin');
}

// It refuses to run as root.
function user() {
  if (process.getuid() !== 0) return {};
  const id = (flag) => Number(execFileSync('id', [flag, 'postgres']));
  return { uid: id('-u'), gid: id('-g') };
}

/** `url` is that of an empty database. */
export async function startPostgresql() {
  const bin = programs();
  const as = user();
  const { folder, remove } = scratchFolder('postgresql');
  const data = path.join(folder, 'data');
  const sockets = path.join(folder, 'sockets');
  for (const each of [data, sockets]) {
    mkdirSync(each, { mode: 0o700 });
    if (as.uid !== undefined) chownSync(each, as.uid, as.gid);
  }
  const options = { cwd: '/', ...as };
  execFileSync(path.join(bin, 'initdb'), ['-D', data, '-U', 'postroom', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let child;
  const server = {
    name: 'postgresql',
    sockets,
    url: `postgresql://postroom@/postgres?host=${sockets}`,
    log: () => child.output,
    async begin() {
      child = start(path.join(bin, 'postgres'), ['-D', data, '-k', sockets, '-c', 'listen_addresses=', '-c', 'shared_buffers=32MB'], options);
      // Whatever ends it ends its backends, too.
      child.endsBy = 'SIGQUIT';
      await until('PostgreSQL answering', () => {
        if (child.exitCode !== null) return true;
        execFileSync(path.join(bin, 'pg_isready'), ['-q', '-h', sockets, '-U', 'postroom']);
        return true;
      });
      if (child.exitCode !== null) throw new Error(`PostgreSQL ended with ${child.exitCode}: ${child.output}`);
    },
    /** Without a checkpoint, as a crash would. */
    async end() {
      child.kill('SIGQUIT');
      await child.ended;
    },
    /** A signal to all its processes: SIGSTOP, and SIGCONT. */
    signal(name) {
      const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ');
      for (const pid of [child.pid, ...children.filter(Boolean).map(Number)]) {
        try {
          process.kill(pid, name);
        } catch (error) {
          if (error.code !== 'ESRCH') throw error;  // it has ended meanwhile
        }
      }
    },
    stop: async () => { if (child) await server.end(); remove(); },
  };
  try {
    await server.begin();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}
