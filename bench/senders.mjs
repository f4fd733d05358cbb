// Who sends: a row each. `several`: it can do so over several connections at once. `run` resolves with seconds, cpu and peak_kib; with the
// Message-IDs of what it sent, where these are its own.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { relay } from './peers/relay.mjs';

const here = path.dirname(new URL(import.meta.url).pathname);
const whole = (measured) => ({ ...measured, seconds: measured.wall });

export const senders = [
  {
    name: 'bare sender',
    keeps: 'nothing: the limit',
    limit: true,
    several: true,
    async run(world) {
      const measured = await world.measure([
        path.join(world.programs, 'bench-bare-send'), `${world.submission}`, world.anchor, world.user, world.token, `${world.connections}`,
        world.sender, world.recipient, ...world.files,
      ]);
      return { ...measured, ...world.said(measured) };
    },
  },
  {
    name: 'Postroom',
    keeps: 'claimed, committing and settled in SQLite, WAL, synchronous=FULL',
    several: true,
    async run(world) {
      const workers = path.join(world.programs, 'bench-workers');
      execFileSync(workers, ['make', world.scratch, `localhost:${world.ports.imaps}`, `localhost:${world.submission}`, world.user, world.token]);
      const ids = execFileSync(workers, ['queue', world.scratch, world.recipient, ...world.texts], { encoding: 'utf8' }).trim().split('\n');
      const measured = await world.measure([workers, 'dispatch', world.scratch, world.anchor, `${world.connections}`]);
      return { ...measured, ...world.said(measured), ids };
    },
  },
  {
    name: 'curl, one process',
    keeps: 'nothing',
    several: true,
    async run(world) {
      const file = path.join(world.scratch, 'curlrc');
      const transfer = (mail) => `url = "smtp://localhost:${world.submission}/localhost"
ssl-reqd
cacert = "${world.anchor}"
user = "${world.user}"
oauth2-bearer = "${readFileSync(world.token, 'utf8')}"
login-options = "AUTH=XOAUTH2"
mail-from = "${world.sender}"
mail-rcpt = "${world.recipient}"
upload-file = "${mail}"
silent
show-error
`;
      writeFileSync(file, world.files.map(transfer).join('next\n'));
      const parallel = world.connections > 1 ? ['--parallel', '--parallel-max', `${world.connections}`] : [];
      return whole(await world.measure(['curl', '-q', '--fail-early', ...parallel, '-K', file]));
    },
  },
  {
    name: 'Postfix as a relay',
    keeps: 'its queue, which was filled before',
    several: true,
    slow: true,
    run: relay,
  },
  {
    name: "nodemailer's pool",
    keeps: 'nothing',
    several: true,
    slow: true,
    run: async (world) => whole(await world.measure(
      [process.execPath, path.join(here, 'peers/nodemailer.mjs'), `${world.submission}`, world.user, world.token, `${world.connections}`, world.sender, world.recipient],
      { input: readFileSync(world.list), env: { NODE_EXTRA_CA_CERTS: world.anchor } },
    )),
  },
  {
    name: 'msmtp, a process a mail',
    keeps: 'nothing',
    several: true,
    slow: true,
    async run(world) {
      const file = path.join(world.scratch, 'msmtprc');
      writeFileSync(file, `account default
host localhost
port ${world.submission}
tls on
tls_trust_file ${world.anchor}
auth xoauth2
user ${world.user}
passwordeval "cat ${world.token}"
from ${world.sender}
`, { mode: 0o600 });
      const send = `msmtp -C ${file} -- ${world.recipient} < "$1"`;
      return whole(await world.measure(['xargs', '-a', world.list, '-P', `${world.connections}`, '-n', '1', 'sh', '-c', send, 'sh']));
    },
  },
];
