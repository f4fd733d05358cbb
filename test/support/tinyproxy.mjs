// Debian's tinyproxy on loopback, in a mount namespace where /etc/hosts knows names that nobody else does: whoever reaches these
// names went through it. The namespace must be root's.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort, listening, scratchFolder, start, stop } from './scratch.mjs';

const inItsNamespace = 'mount --bind "$1" /etc/hosts && exec tinyproxy -d -c "$2"';

/** `names` lead to 127.0.0.1; `ports` are those that CONNECT may reach (all where it is empty); `signIn` is { user, password }. */
export async function startTinyproxy({ names, ports = [], signIn, port }) {
  const { folder, remove } = scratchFolder('tinyproxy');
  const hosts = path.join(folder, 'hosts');
  const file = path.join(folder, 'tinyproxy.conf');
  const log = path.join(folder, 'log');
  const at = port ?? await freePort();
  writeFileSync(log, '');
  chmodSync(log, 0o666);
  writeFileSync(hosts, `127.0.0.1 localhost ${names.join(' ')}\n`);
  writeFileSync(file, [
    `Port ${at}`, 'Listen 127.0.0.1', 'Timeout 600', 'MaxClients 100', 'LogLevel Connect', `LogFile "${log}"`, 'Allow 127.0.0.1',
    ...(process.getuid() === 0 ? ['User nobody', 'Group nogroup'] : []),
    ...(signIn ? [`BasicAuth ${signIn.user} ${signIn.password}`] : []),
    ...ports.map((each) => `ConnectPort ${each}`),
  ].join('\n') + '\n');
  const words = ['unshare', '--mount', 'sh', '-c', inItsNamespace, 'sh', hosts, file];
  const [first, ...more] = process.getuid() === 0 ? words : ['sudo', '-n', ...words];
  const child = start(first, more);
  let kept;
  const proxy = {
    name: 'tinyproxy',
    port: at,
    log: () => child.output + (kept ?? readFileSync(log, 'utf8')),
    /** "name:port" of every way that was asked for. */
    asked: () => [...proxy.log().matchAll(/Request \(file descriptor \d+\): CONNECT (\S+)/g)].map((found) => found[1]),
    stop: async () => {
      if (kept !== undefined) return;
      await stop(child);
      kept = readFileSync(log, 'utf8');
      remove();
    },
  };
  try {
    await listening(at);
  } catch (error) {
    await proxy.stop();
    throw error;
  }
  return proxy;
}
