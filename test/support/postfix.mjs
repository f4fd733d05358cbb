// Debian's Postfix with a configuration and a queue of its own, on loopback: submission with STARTTLS, sign-in by Dovecot, delivery by
// LMTP; and a port where the outside world delivers. Never the system's instance. Its master process must be root's.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { atExit, freePort, listening, scratchFolder } from './scratch.mjs';

function asRoot(program, args) {
  if (process.getuid() === 0) return execFileSync(program, args, { stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 30 });
  return execFileSync('sudo', ['-n', program, ...args], { stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 30 });
}

/** `domains` are delivered to Dovecot by LMTP; mail for any other is refused. */
export async function startPostfix({ certificates, dovecot, domains, settings = {} }) {
  const { folder, remove } = scratchFolder('postfix');
  const ports = { submission: await freePort(), inbound: await freePort() };
  const etc = path.join(folder, 'etc');
  mkdirSync(etc);
  for (const name of ['queue', 'data']) mkdirSync(path.join(folder, name));
  const main = {
    compatibility_level: '3.6',
    queue_directory: `${folder}/queue`,
    data_directory: `${folder}/data`,
    maillog_file: `${folder}/log`,
    maillog_file_prefixes: folder,
    myhostname: 'mail.contoso.test',
    inet_interfaces: '127.0.0.1',
    inet_protocols: 'ipv4',
    mydestination: '',
    alias_maps: '',
    alias_database: '',
    local_recipient_maps: '',
    virtual_mailbox_domains: domains.join(' '),
    virtual_transport: `lmtp:inet:127.0.0.1:${dovecot.ports.lmtp}`,
    smtputf8_enable: 'yes',
    smtpd_tls_cert_file: certificates.certificate,
    smtpd_tls_key_file: certificates.key,
    smtpd_sasl_type: 'dovecot',
    smtpd_sasl_path: `inet:127.0.0.1:${dovecot.ports.auth}`,
    smtpd_sasl_security_options: 'noanonymous',
    smtpd_relay_restrictions: 'permit_sasl_authenticated, reject_unauth_destination',
    smtpd_recipient_restrictions: '',
    smtpd_peername_lookup: 'no',
    disable_dns_lookups: 'yes',
    message_size_limit: '157286400',
    mailbox_size_limit: '0',
    virtual_mailbox_limit: '0',
    // What Dovecot puts off, when its folder changes under it, is not put off for five minutes.
    queue_run_delay: '2s',
    minimal_backoff_time: '2s',
    maximal_backoff_time: '5s',
    transport_retry_time: '2s',
    ...settings,
  };
  writeFileSync(path.join(etc, 'main.cf'), Object.entries(main).map(([key, value]) => `${key} = ${value}\n`).join(''));
  const submission = '-o smtpd_sasl_auth_enable=yes -o smtpd_tls_security_level=encrypt -o smtpd_tls_auth_only=yes'
    + ' -o smtpd_relay_restrictions=permit_sasl_authenticated,reject';
  writeFileSync(path.join(etc, 'master.cf'), `
127.0.0.1:${ports.submission} inet n - n - - smtpd ${submission}
127.0.0.1:${ports.inbound} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
smtp unix - - n - - smtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
`);
  const end = () => {
    try {
      asRoot('/usr/sbin/postfix', ['-c', etc, 'stop']);
    } finally {
      // Its last processes may still be writing.
      asRoot('sh', ['-c', 'for each in 1 2 3 4 5 6 7 8 9 10; do rm -rf "$0" && exit; sleep 0.3; done', folder]);
      remove();
    }
  };
  const forget = atExit(end);
  const log = () => (existsSync(main.maillog_file) ? asRoot('cat', [main.maillog_file]).toString() : '');
  try {
    asRoot('chown', ['postfix', path.join(folder, 'data')]);
    asRoot('/usr/sbin/postfix', ['-c', etc, 'start']);
    for (const port of Object.values(ports)) await listening(port);
  } catch (error) {
    const why = log();
    forget();
    asRoot('rm', ['-rf', folder]);
    remove();
    throw new Error(`Postfix did not start (as root, or by sudo without a password?): ${error.stderr ?? ''}${error.message}\n${why}`);
  }
  return {
    ports,
    log,
    /** How many mails it has accepted and not yet delivered. */
    queued: () => asRoot('/usr/sbin/postqueue', ['-c', etc, '-j']).toString().split('\n').filter(Boolean).length,
    stop: async () => {
      forget();
      end();
    },
  };
}
