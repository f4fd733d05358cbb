// Every fault of the campaign, plugged in: what may befall a world.
import { renumberings } from './mailbox.mjs';
import { kills, pauses, takeovers } from './processes.mjs';

export function injectEverything(campaign, world) {
  kills(campaign, world, [600, 2_500]);
  pauses(campaign, world, [1_000, 4_000], 1_500);
  if (world.database) takeovers(campaign, world, [1_500, 5_000]);
  renumberings(campaign, world, [200, 1_000]);
  for (const wire of world.wires)
    campaign.repeat({ name: `${wire.name} ended`, lane: wire.name, every: [300, 2_000], inject: async (its) => (wire.strikeOne(its), false) });
}
