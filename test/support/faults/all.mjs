// Every fault of the campaign, plugged in: what may befall a world.
import { databaseFaults, fullDisks, powerCuts, usedUpDescriptors } from './ground.mjs';
import { labFaults } from './lab.mjs';
import { renumberings } from './mailbox.mjs';
import { kills, overtakings, pauses, takeovers } from './processes.mjs';

/** `pace` stretches the time between them: 1 for a run of seconds. What lasts, lasts at most `longest` milliseconds. */
export function injectEverything(campaign, world, { pace, longest }) {
  if (world.store === 'sqlite' && !world.disk) world.say('no power is cut and no disk is full: postroom-power-cut was not built');
  const every = (least, most) => [least, most * pace];
  kills(campaign, world, every(600, 2_500));
  pauses(campaign, world, every(1_000, 4_000), longest);
  usedUpDescriptors(campaign, world, every(1_000, 4_000), longest);
  if (world.database) {
    takeovers(campaign, world, every(1_500, 5_000));
    overtakings(campaign, world, every(500, 2_000));
    databaseFaults(campaign, world, every(2_000, 6_000), longest);
  } else if (world.disk) {
    powerCuts(campaign, world, every(600, 2_500));
    fullDisks(campaign, world, every(1_000, 4_000), longest);
  }
  if (world.mail.renumber) renumberings(campaign, world, every(200, 1_000));
  if (world.mail.lab) labFaults(campaign, world, every(300, 2_000));
  for (const wire of world.wires)
    campaign.repeat({ name: wire.name, lane: wire.name, every: every(300, 2_000), inject: async (its) => (wire.strikeOne(its), false) });
}
