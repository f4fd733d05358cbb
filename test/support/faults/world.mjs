// Everything that a run needs: Postroom (two servers over PostgreSQL), Dovecot and Postfix, an OpenID provider, customers who write, and
// agents who answer; with a wire that the campaign spoils between Postroom and each of them.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { makeCertificates } from '../certificates.mjs';
import { addAccount, authorize, powerCutProgram, setUp, startServer } from '../house.mjs';
import { domain, startMailServers } from '../mail-house.mjs';
import { startOpenIdProvider } from '../openid-provider.mjs';
import { startPostgresql } from '../postgresql.mjs';
import { delay, scratchFolder, until } from '../scratch.mjs';
import { digestOf } from './count.mjs';
import { expireClaims } from './processes.mjs';
import { startWire } from './wire.mjs';

export const mailboxes = [
  { address: `sales@${domain}`, after: 'move' },
  { address: `support@${domain}`, after: 'delete' },
  { address: `alex@${domain}`, after: 'leave' },
];
export const customer = 'customer@example.com';

/** A wire is silent for at most `longest` milliseconds. */
export async function openWorld({ keep, campaign, store, say, longest }) {
  const { folder, remove } = scratchFolder('certificates');
  await keep({ stop: remove });
  const certificates = makeCertificates(folder);
  let killAll;
  const wire = (name, to, more) => keep(startWire({ name, to, campaign, certificates, longest, kill: () => killAll(), ...more }));

  const anchors = [certificates.anchor];
  let database;
  const servers = [];
  if (store === 'postgresql') {
    database = await keep(startPostgresql());
    const socket = await wire('PostgreSQL', path.join(database.sockets, '.s.PGSQL.5432'), { rate: 0.1, latency: 0, garbles: false });
    database.wired = { ...database, url: database.url.replace(database.sockets, path.dirname(socket.endpoint)) };
  }
  // Over a disk that can lose what was not synced, where that was built beside the program.
  const disk = store === 'sqlite' && existsSync(powerCutProgram);
  servers.push(await keep(startServer({ anchors, store, given: database?.wired, ...(disk && { by: [powerCutProgram], variables: { SYNC_MILLISECONDS: '4' } }) })));
  if (database) servers.push(await keep(startServer({ anchors, store, beside: servers[0] })));

  let toProvider;
  const provider = await keep(startOpenIdProvider({
    certificates,
    redirectUrl: `${servers[0].url}/oauth/callback`,
    wire: async (endpoint) => (toProvider = await wire('HTTPS', endpoint, { rate: 0.4 })).endpoint,
  }));
  const mail = await startMailServers({ keep, certificates, introspection: provider.introspection, sent: true });
  const imap = await wire('IMAP', mail.imap, { protocol: 'imap' });
  const overtake = database && (() => expireClaims(database.url));
  const smtp = await wire('SMTP', mail.smtp, { protocol: 'smtp', overtake });
  await setUp(servers[0], provider);
  await servers[0].command('settings', 'set', 'doubt-delays', '500ms,1s,3s');
  for (const { address, after } of mailboxes) {
    const name = await addAccount(servers[0], { user: address, imap: imap.endpoint, smtp: smtp.endpoint, after });
    const outcome = await authorize(servers[0], name, address, provider.signIn);
    await until(`${name} being ready, and not ${outcome.state}: ${outcome.reason}`, async () => (await servers[0].api(`accounts/${name}`)).state === 'ready');
  }
  for (const { address } of mailboxes) await servers[0].idle(address);
  // Tokens that hardly last for one session, so that the identity provider is needed all along.
  provider.life.accessToken = 130;

  const put = [];             // every mail that a customer wrote and Postfix accepted
  const promised = new Set(); // every reply that Postroom answered for with 201
  const answered = new Set();
  const world = {
    store, disk, say, customer, mailboxes, servers, server: servers[0], database, mail, provider, put, promised,
    wires: [imap, smtp, toProvider],
    /** With SIGKILL. A server that has ended without being told to has failed. */
    async kill(server) {
      const { child } = server;
      if (child.exitCode !== null || (child.signalCode !== null && child.signalCode !== 'SIGKILL'))
        throw new Error(`a server ended by itself, with ${child.exitCode ?? child.signalCode}: ${server.log().slice(-4_000)}`);
      await server.kill();
    },
    /** Until it answers, however often it ends at its start by what is being spoilt, and however long its store is silent. */
    async begin(server) {
      for (;;) {
        try {
          return await server.begin({ limit: 30_000 + longest });
        } catch (error) {
          const { exitCode, signalCode } = server.child;
          if (signalCode !== 'SIGKILL' && (!campaign.active || exitCode === null)) throw error;
          campaign.count('ended at its start');
          await delay(200);
        }
      }
    },
    async customerWrites(its) {
      const number = put.length + 1;
      const to = its.pick(mailboxes).address;
      const id = `mail-${campaign.seed}-${number}@example.com`;
      const size = its.chance(0.03) ? its.between(300_000, 900_000) : its.magnitude(50, 30_000);
      const line = `mail ${number} to ${to}, ${its.between(0, 1e9)} `.repeat(10).slice(0, 76);
      const body = `${line}\n`.repeat(Math.ceil(size / 77));
      const one = { id, to, digest: digestOf(body) };
      put.push(one);
      await mail.customerWrites(to, `From: ${customer}\nTo: ${to}\nSubject: Mail ${number}\nMessage-ID: <${id}>\n\n${body}`, customer);
    },
    /** Answers a case that nobody has answered yet. What Postroom did not promise may be queued all the same. */
    async agentAnswers(its) {
      const server = its.pick(servers);
      try {
        const { items } = await server.api('cases?limit=100');
        const open = items.filter((each) => !answered.has(each.number));
        if (open.length === 0) return;
        const { number } = its.pick(open);
        answered.add(number);
        promised.add((await server.api(`cases/${number}/replies`, { text: `An answer to case ${number}.\n${'All is well. '.repeat(its.between(0, 60))}` })).id);
      } catch (error) {
        if (!campaign.active) throw error;
      }
    },
  };
  killAll = () => {
    for (const { child } of servers) child.kill('SIGKILL');
    campaign.alone('process', async () => {
      for (const server of servers) {
        await world.kill(server);
        await world.begin(server);
      }
    });
  };
  return world;
}
