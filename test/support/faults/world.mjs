// Everything that a run needs: Postroom (two servers over PostgreSQL), mail servers and an identity provider (Dovecot, Postfix and npm's
// oidc-provider, or the lab), customers who write, and agents who answer; with a wire that the campaign spoils between Postroom and each of them.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { makeCertificates } from '../certificates.mjs';
import { addAccount, authorize, powerCutProgram, startServer } from '../house.mjs';
import { startPostgresql } from '../postgresql.mjs';
import { delay, scratchFolder, until } from '../scratch.mjs';
import { digestOf } from './count.mjs';
import { labMailServers, realMailServers, startFaultyLab } from './mail-servers.mjs';
import { startWire } from './wire.mjs';

export const customer = 'customer@example.com';

/** A wire is silent for at most `longest` milliseconds. `servedBy` is lab, or dovecot (and Postfix). */
export async function openWorld({ keep, campaign, store, servedBy, say, longest }) {
  const { folder, remove } = scratchFolder('certificates');
  await keep({ stop: remove });
  const certificates = makeCertificates(folder);
  let killAll;
  const wire = (name, to, more) => keep(startWire({ name, to, campaign, certificates, longest, kill: () => killAll(), ...more }));

  const lab = servedBy === 'lab' && await keep(startFaultyLab());
  const anchors = [certificates.anchor, ...(lab ? [lab.facts.anchor] : [])];
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

  const mail = await (lab ? labMailServers({ lab, wire, servers }) : realMailServers({ keep, certificates, wire, servers, customer }));
  const { mailboxes } = mail;
  await servers[0].command('settings', 'set', 'doubt-delays', '500ms,1s,3s');
  for (const { address, after, pop3 } of mailboxes) {
    const name = await addAccount(servers[0], { user: address, imap: mail.imap, pop3, smtp: mail.smtp, after });
    const outcome = await authorize(servers[0], name, address, mail.signIn);
    await until(`${name} being ready, and not ${outcome.state}: ${outcome.reason}`, async () => (await servers[0].api(`accounts/${name}`)).state === 'ready');
    if (pop3) await servers[0].api(`mailboxes/${address}`, { poll: 5 }, 'PATCH');
  }
  for (const { address } of mailboxes) await servers[0].idle(address);
  await mail.accountsAreReady();

  const put = [];             // every mail that a customer wrote and Postfix accepted
  const promised = new Set(); // every reply that Postroom answered for with 201
  const answered = new Set();
  const world = {
    store, disk, say, customer, mailboxes, servers, server: servers[0], database, mail, put, promised,
    wires: mail.wires,
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
      await mail.customerWrites(to, `From: ${customer}\nTo: ${to}\nSubject: Mail ${number}\nMessage-ID: <${id}>\n\n${body}`);
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
