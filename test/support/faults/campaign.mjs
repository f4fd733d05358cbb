// Faults one after another, and beside each other, until it ends: who injects what and when, and how many there were.
import { delay } from '../scratch.mjs';
import { seeded } from './choices.mjs';

export function startCampaign({ seed, say }) {
  const choices = seeded(seed);
  const lanes = new Map();
  const loops = [];
  const heals = [];
  const failures = [];
  const began = Date.now();
  let ended = false;
  let wake;
  const end = new Promise((resolve) => { wake = resolve; });

  const campaign = {
    seed,
    choices,
    counts: {},
    active: false,
    count(what, words = '') {
      campaign.counts[what] = (campaign.counts[what] ?? 0) + 1;
      if (words || process.env.VERBOSE) say(`${((Date.now() - began) / 1000).toFixed(2)} s: ${what}${words && `: ${words}`}`);
    },
    /** Those of one lane never overlap. What it throws fails the run. */
    alone(lane, work) {
      const done = (lanes.get(lane) ?? Promise.resolve()).then(work).catch((error) => { failures.push(error); return false; });
      lanes.set(lane, done);
      return done;
    },
    /**
     * Injects a fault again and again, `every` so many milliseconds. `inject(choices)` does it, waits as long as it lasts, undoes it, and
     * returns words for the log, or false where there was nothing to spoil. What it throws fails the run. `heal()` comes once, at the end.
     */
    repeat({ name, every: [least, most], lane = 'process', inject, heal }) {
      const its = choices(name);
      if (heal) heals.push(heal);
      loops.push((async () => {
        while (!ended) {
          await Promise.race([delay(its.between(least, most)), end]);
          if (ended) break;
          const words = await campaign.alone(lane, () => (ended ? false : inject(its)));
          if (words !== false) campaign.count(name, words ?? '');
        }
      })());
    },
    begin() {
      campaign.active = true;
    },
    /** From here on nothing is spoilt any more. Throws what went wrong with the injecting itself. */
    async end() {
      campaign.active = false;
      ended = true;
      wake();
      await Promise.all([...loops, ...lanes.values()]);
      for (const heal of heals) await heal();
      if (failures.length > 0) throw failures[0];
    },
    total: () => Object.values(campaign.counts).reduce((sum, each) => sum + each, 0),
  };
  return campaign;
}
