// What befalls the servers of Postroom themselves: killed, stopped for a while, and stopped until their leases have run out.
import { delay, start, until } from '../scratch.mjs';

/** What it prints; undefined where it fails. */
async function answerOf(url, sql) {
  const child = start('/usr/bin/psql', [url, '-qXtA', '-v', 'ON_ERROR_STOP=1', '-c', sql]);
  const closed = new Promise((resolve) => child.once('close', resolve));
  const { code } = await child.ended;
  await closed;
  return code === 0 ? child.output.trim() : undefined;
}

const psql = async (url, sql) => await answerOf(url, sql) !== undefined;

/** kill -9 at any instant, and begun again by whoever looks after it. */
export function kills(campaign, world, every) {
  campaign.repeat({
    name: 'kill',
    every,
    async inject(its) {
      const [server, pause] = [its.pick(world.servers), its.magnitude(1, 400)];
      await world.kill(server);
      await delay(pause);
      await world.begin(server);
    },
  });
}

/** SIGSTOP, and SIGCONT a while later: longer than a short deadline, and shorter than any lease. */
export function pauses(campaign, world, every, longest) {
  campaign.repeat({
    name: 'stop and continue',
    every,
    async inject(its) {
      const [{ child }, pause] = [its.pick(world.servers), its.magnitude(50, longest)];
      child.kill('SIGSTOP');
      await delay(pause);
      child.kill('SIGCONT');
    },
  });
}

/** Has the leases of replies run out: those of `owner`, or of everybody. Nobody waits for half an hour: by the store's clock they count. */
const expireClaims = (url, owner = '') => psql(url, `SET lock_timeout = '500ms';
  UPDATE outbound SET lease_ends = 1 WHERE state IN ('claimed', 'committing')
  AND right(split_part(lease_owner, '#', 1), length('${owner}')) = '${owner}';`);  // behind the # is its run

const expireLeases = (url, owner) => psql(url, `SET lock_timeout = '500ms';
  UPDATE lease SET ends = 1 WHERE right(owner, length('${owner}')) = '${owner}' AND ends > 1;`);

/**
 * A server is stopped until its leases have run out, and another took over what it had; then it wakes, and goes on in the middle of
 * whatever it was doing.
 */
export function takeovers(campaign, world, every) {
  campaign.repeat({
    name: 'stop until the leases have run out',
    every,
    async inject(its) {
      const [server, pause] = [its.pick(world.servers), its.magnitude(300, 3_000)];
      server.child.kill('SIGSTOP');
      try {
        // Where it was stopped within a transaction, PostgreSQL holds its rows until 15 s have passed: another time.
        if (!await expireLeases(world.database.url, server.socket) || !await expireClaims(world.database.url, server.socket)) return false;
        await delay(pause);
      } finally {
        server.child.kill('SIGCONT');
      }
      return '';
    },
  });
}

/**
 * The leases of replies run out while the server that has them waits to be told to go on, and others take them over; then it is told. Nothing
 * else befalls the two meanwhile: a connection that is cut, or a server that is killed, would hide what it does then.
 */
export function overtakings(campaign, { database, wires }, every) {
  const smtp = wires.find(({ name }) => name === 'SMTP');
  const untaken = 'SELECT 1 FROM outbound WHERE lease_ends = 1 LIMIT 1';
  campaign.repeat({
    name: 'overtaken',
    every,
    lane: 'overtaking',
    async inject() {
      const held = await smtp.hold('DATA', 3_000);
      if (!held) return false;
      return campaign.alone('process', async () => {
        try {
          if (held.isGone() || !await expireClaims(database.url)) return false;
          await until('others having taken it over', async () => await answerOf(database.url, untaken) === '', { limit: 3_000 });
        } catch {
          return false;  // the database is away
        } finally {
          held.release();
        }
        await delay(300);  // for what it does then
        return '';
      });
    },
  });
}
