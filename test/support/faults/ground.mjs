// What befalls the ground under the store: the power goes, the disk is full, no descriptor is left, the database falls or stands still.
import { delay } from '../scratch.mjs';
import { useUpDescriptors } from '../store-trouble.mjs';

const alive = (child) => child.exitCode === null && child.signalCode === null;

/** Over SQLite: of what was not synced, a part that the seed chooses survives, in sectors. (A kill loses all of it.) */
export function powerCuts(campaign, world, every) {
  campaign.repeat({
    name: 'power cut',
    every,
    async inject(its) {
      const { server } = world;
      const [seed, pause] = [its.between(1, 1_000_000), its.magnitude(1, 400)];
      await server.kill('SIGUSR2');
      server.variables.POWER_CUT_SEED = String(seed);  // of the next cut
      await delay(pause);
      await world.begin(server);
    },
  });
}

/** Over SQLite, for at most `longest` milliseconds. */
export function fullDisks(campaign, world, every, longest) {
  campaign.repeat({
    name: 'disk full',
    every,
    async inject(its) {
      const [{ child }, pause] = [world.server, its.magnitude(100, longest)];
      child.kill('SIGUSR1');
      await delay(pause);
      if (alive(child)) child.kill('SIGUSR1');
    },
  });
}

/** Nothing can be opened for at most `longest` milliseconds. */
export function usedUpDescriptors(campaign, world, every, longest) {
  campaign.repeat({
    name: 'no descriptor left',
    every,
    async inject(its) {
      const [server, pause] = [its.pick(world.servers), its.magnitude(100, longest)];
      const { child } = server;
      if (!alive(child)) return false;
      const giveBack = useUpDescriptors(server);
      await delay(pause);
      if (alive(child)) giveBack();
      return '';
    },
  });
}

/** PostgreSQL stands still, or ends at once and comes back, after at most `longest` milliseconds. */
export function databaseFaults(campaign, { database }, every, longest) {
  campaign.repeat({
    name: 'PostgreSQL stopped',
    every,
    async inject(its) {
      const pause = its.magnitude(50, longest);
      database.signal('SIGSTOP');
      await delay(pause);
      database.signal('SIGCONT');
    },
  });
  campaign.repeat({
    name: 'PostgreSQL fell',
    every,
    async inject(its) {
      const pause = its.magnitude(1, longest);
      await database.end();
      await delay(pause);
      await database.begin();
    },
  });
}
