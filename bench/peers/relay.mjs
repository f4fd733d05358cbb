// Postfix as a relay: another one beside the server, whose queue is filled before the clock starts. It has no XOAUTH2 (the module that
// mbsync uses wants more than Postfix tells it), so it signs in with a password, and keeps its connections while there is more.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { delay, until } from '../../test/support/scratch.mjs';

const asRoot = (program, args) => {
  const command = process.getuid() === 0 ? [program, ...args] : ['sudo', '-n', program, ...args];
  return execFileSync(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] }).toString();
};

/** As a sender of bench/senders.mjs. */
export async function relay(world) {
  const folder = path.join(world.scratch, 'relay');
  const etc = path.join(folder, 'etc');
  for (const name of ['', 'etc', 'queue', 'data']) mkdirSync(path.join(folder, name), { mode: 0o755 });
  asRoot('chmod', ['755', world.scratch]);
  const configure = (settings) => writeFileSync(path.join(etc, 'main.cf'), Object.entries({
    compatibility_level: '3.6',
    queue_directory: `${folder}/queue`,
    data_directory: `${folder}/data`,
    maillog_file: `${folder}/log`,
    maillog_file_prefixes: folder,
    myhostname: 'relay.contoso.test',
    inet_interfaces: 'loopback-only',
    inet_protocols: 'ipv4',
    mydestination: '',
    alias_maps: '',
    local_recipient_maps: '',
    disable_dns_lookups: 'yes',
    smtp_host_lookup: 'native',
    relayhost: `[localhost]:${world.submission}`,
    in_flow_delay: '0',
    smtp_sasl_auth_enable: 'yes',
    smtp_sasl_password_maps: `inline:{ { [localhost]:${world.submission} = ${world.user}:${readFileSync(world.token, 'utf8').trim()} } }`,
    smtp_sasl_mechanism_filter: 'plain',
    smtp_sasl_security_options: 'noanonymous',
    smtp_tls_security_level: 'secure',
    smtp_tls_secure_cert_match: 'hostname',
    smtp_tls_CAfile: world.anchor,
    smtp_tls_connection_reuse: 'yes',
    smtp_connection_cache_on_demand: 'yes',
    initial_destination_concurrency: `${world.connections}`,
    default_destination_concurrency_limit: `${world.connections}`,
    ...settings,
  }).map(([key, value]) => `${key} = ${value}\n`).join(''));
  writeFileSync(path.join(etc, 'master.cf'), `
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
error unix - - n - - error
retry unix - - n - - error
smtp unix - - n - - smtp
tlsmgr unix - - n 1000? 1 tlsmgr
tlsproxy unix - - n - 0 tlsproxy
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
showq unix n - n - - showq
`);
  const postfix = (...verb) => asRoot('/usr/sbin/postfix', ['-c', etc, ...verb]);
  const within = (queue) => asRoot('find', [path.join(folder, 'queue', queue), '-type', 'f']).split('\n').length - 1;
  asRoot('chown', ['postfix', path.join(folder, 'data')]);

  configure({ defer_transports: 'smtp' });
  postfix('start');
  try {
    const submit = `/usr/sbin/sendmail -C ${etc} -i -f ${world.sender} ${world.recipient} < "$1"`;
    asRoot('xargs', ['-a', world.list, '-n', '1', '-P', '2', 'sh', '-c', submit, 'sh']);
    await until('the relay holding all', () => within('deferred') === world.files.length, { limit: 120_000, pause: 200 });
  } finally {
    postfix('stop');
  }

  configure({});
  const measured = world.measure(['sh', '-c', `setsid -w /usr/sbin/postfix -c ${etc} start-fg || test $? = 143`]);
  measured.catch(() => {});
  try {
    const starts = () => asRoot('cat', [path.join(folder, 'log')]).split(': daemon started').length - 1;
    await until('the relay running', () => starts() === 2, { limit: 30_000, pause: 50 });
    await delay(1_000);
    const begun = process.hrtime.bigint();
    asRoot('/usr/sbin/postqueue', ['-c', etc, '-f']);
    await until('the relay having sent all', () => ['deferred', 'incoming', 'active'].every((queue) => within(queue) === 0), { limit: 300_000, pause: 20 });
    const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
    postfix('stop');
    return { ...await measured, seconds };
  } catch (error) {
    const log = asRoot('tail', ['-20', path.join(folder, 'log')]);
    asRoot('sh', ['-c', `postfix -c ${etc} stop || true`]);
    await measured.catch(() => {});
    throw new Error(`${error.message}\n${log}`);
  } finally {
    asRoot('rm', ['-rf', folder]);
  }
}
