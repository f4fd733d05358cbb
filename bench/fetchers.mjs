// Who retrieves: a row each. `run` empties nothing on the server and resolves with mails, seconds, cpu and peak_kib; with `digests`
// (sorted) of what it stored, or the octets that it read.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { maildirDigests } from './mails.mjs';

const here = path.dirname(new URL(import.meta.url).pathname);
const lines = (text) => text.trim().split('\n').filter(Boolean);
const digestsIn = (program, ...args) => lines(execFileSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 })).sort();

function makeMaildir(folder) {
  for (const name of ['cur', 'new', 'tmp']) mkdirSync(path.join(folder, name), { recursive: true });
  return folder;
}

async function bare(world, into) {
  const measured = await world.measure([
    path.join(world.programs, 'bench-bare-fetch'), `${world.ports.imaps}`, world.anchor, world.user, world.token, into,
  ]);
  return { ...measured, ...world.said(measured) };
}

async function postroom(world, verb) {
  const workers = path.join(world.programs, 'bench-workers');
  execFileSync(workers, ['make', world.scratch, `localhost:${world.ports.imaps}`, 'localhost:587', world.user, world.token]);
  const measured = await world.measure([workers, verb, world.scratch, world.anchor]);
  const result = { ...measured, ...world.said(measured), digests: digestsIn(workers, 'digests', world.scratch) };
  if (verb === 'triage' && result.cases !== result.mails) throw new Error(`${result.mails} mails became ${result.cases} activities`);
  return result;
}

/** Programs of others: all their time counts, from start to end. */
async function other(world, command, maildir, { added, env } = {}) {
  const measured = await world.measure(command, { env });
  const digests = maildirDigests(maildir, added);
  return { ...measured, seconds: measured.wall, mails: digests.length, digests };
}

async function mbsync(world, sync) {
  const file = path.join(world.scratch, 'mbsyncrc');
  writeFileSync(file, `FSync ${sync}

IMAPAccount bench
Host localhost
Port ${world.ports.imaps}
SSLType IMAPS
CertificateFile ${world.anchor}
AuthMechs XOAUTH2
User ${world.user}
PassCmd "cat ${world.token}"

IMAPStore remote
Account bench

MaildirStore local
Path ${world.scratch}/
Inbox ${world.scratch}/INBOX

Channel bench
Far :remote:
Near :local:
Create Near
Sync Pull
SyncState *
`);
  // It finds a mail again by a field that it adds.
  return other(world, ['mbsync', '-q', '-c', file, 'bench'], path.join(world.scratch, 'INBOX'), { added: /^X-TUID: .*\n/m });
}

export const fetchers = [
  { name: 'bare fetch', keeps: 'nothing: the limit', limit: true, run: (world) => bare(world, 'discard') },
  {
    name: 'bare fetch into SQLite',
    keeps: 'raw bytes, WAL, synchronous=FULL, a commit every 100',
    async run(world) {
      const file = path.join(world.scratch, 'raw.db');
      const result = await bare(world, file);
      return { ...result, digests: digestsIn(path.join(world.programs, 'bench-bare-fetch'), 'digests', file) };
    },
  },
  { name: 'Postroom, filed', keeps: 'chunks and ledger in SQLite, WAL, synchronous=FULL', run: (world) => postroom(world, 'file') },
  { name: 'Postroom, filed and triaged', keeps: 'the same, and a case for each mail', run: (world) => postroom(world, 'triage') },
  {
    name: 'mpop (POP3)',
    keeps: 'Maildir, fsync a mail',
    run(world) {
      const maildir = makeMaildir(path.join(world.scratch, 'mail'));
      const file = path.join(world.scratch, 'mpoprc');
      writeFileSync(file, `account bench
host localhost
port ${world.ports.pop3s}
tls on
tls_starttls off
tls_trust_file ${world.anchor}
auth xoauth2
user ${world.user}
passwordeval "cat ${world.token}"
delivery maildir ${maildir}
keep on
received_header off
uidls_file ${world.scratch}/uidls
`, { mode: 0o600 });
      return other(world, ['mpop', '-q', '-C', file, 'bench'], maildir);
    },
  },
  { name: 'mbsync', keeps: 'Maildir, fsync a mail', run: (world) => mbsync(world, 'yes') },
  { name: 'mbsync without fsync', keeps: 'Maildir, not synced', run: (world) => mbsync(world, 'no') },
  {
    name: 'getmail6',
    keeps: 'Maildir, fsync a mail',
    slow: true,
    run(world) {
      const maildir = makeMaildir(path.join(world.scratch, 'mail'));
      const file = path.join(world.scratch, 'getmailrc');
      writeFileSync(file, `[retriever]
type = SimpleIMAPSSLRetriever
server = localhost
port = ${world.ports.imaps}
username = ${world.user}
use_xoauth2 = True
password_command = ("/bin/cat", "${world.token}")
ca_certs = ${world.anchor}
use_peek = True
[destination]
type = Maildir
path = ${maildir}/
[options]
read_all = True
delete = False
delivered_to = False
received = False
verbose = 0
`);
      // It delivers nothing as root.
      const root = process.getuid() === 0;
      if (root) execFileSync('chown', ['-R', 'nobody', world.scratch]);
      const as = root ? ['setpriv', '--reuid=nobody', '--clear-groups', '--regid=nogroup'] : [];
      return other(world, [...as, 'getmail', `--getmaildir=${world.scratch}`, '--rcfile=getmailrc'], maildir, { added: /^X-getmail-retrieved-from-mailbox: .*\n/m });
    },
  },
  {
    name: 'fetchmail',
    keeps: 'Maildir, fsync a mail',
    slow: true,
    run(world) {
      const maildir = makeMaildir(path.join(world.scratch, 'mail'));
      const file = path.join(world.scratch, 'fetchmailrc');
      // It has no Maildir of its own, and no XOAUTH2: the password is what the others show as a token.
      writeFileSync(file, `poll localhost service ${world.ports.imaps} protocol IMAP auth password
  user "${world.user}" password "${readFileSync(world.token, 'utf8').trim()}"
  ssl sslcertck sslcertfile "${world.anchor}" fetchall keep no rewrite
  mda "${path.join(here, 'peers/into-maildir')} ${maildir}"
`, { mode: 0o600 });
      return other(world, ['fetchmail', '--silent', '--invisible', '--nosyslog', '-f', file, '--pidfile', path.join(world.scratch, 'pid')], maildir,
        { env: { FETCHMAILHOME: world.scratch } });
    },
  },
  {
    name: 'offlineimap',
    keeps: 'Maildir, fsync a mail',
    slow: true,
    run(world) {
      const file = path.join(world.scratch, 'offlineimaprc');
      writeFileSync(file, `[general]
accounts = bench
metadata = ${world.scratch}/metadata
fsync = True
[Account bench]
localrepository = local
remoterepository = remote
[Repository local]
type = Maildir
localfolders = ${world.scratch}/mail
[Repository remote]
type = IMAP
remotehost = localhost
remoteport = ${world.ports.imaps}
remoteuser = ${world.user}
ssl = yes
sslcacertfile = ${world.anchor}
auth_mechanisms = XOAUTH2
oauth2_access_token_eval = open('${world.token}').read().strip()
folderfilter = lambda name: name == 'INBOX'
readonly = True
`);
      return other(world, ['offlineimap', '-o', '-1', '-u', 'quiet', '-c', file], path.join(world.scratch, 'mail/INBOX'));
    },
  },
  {
    name: 'imapflow',
    keeps: 'nothing',
    async run(world) {
      const program = path.join(here, 'peers/imapflow.mjs');
      const measured = await world.measure([process.execPath, program, `${world.ports.imaps}`, world.user, world.token],
        { env: { NODE_EXTRA_CA_CERTS: world.anchor } });
      const digests = lines(measured.out).sort();
      return { ...measured, seconds: measured.wall, mails: digests.length, digests };
    },
  },
];
