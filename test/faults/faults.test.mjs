// A whole run with everything that can go wrong going wrong: mail comes in, replies go out, and all along wires are cut and servers are
// killed. Then it stops, everything comes to its end, and every mail is counted. docs/testing.md says how to read it, and how to repeat one.
//
// SEED=n makes the choices of an earlier run, FAULT_SECONDS=n or MINUTES=n is how long faults are injected at least (8 seconds; on a busy
// machine until enough has passed through to count), STORE=sqlite or postgresql the one store to run on, in place of both; VERBOSE=1 says
// each fault.
import assert from 'node:assert/strict';
import { injectEverything } from '../support/faults/all.mjs';
import { startCampaign } from '../support/faults/campaign.mjs';
import { count, drain } from '../support/faults/count.mjs';
import { openWorld } from '../support/faults/world.mjs';
import { scenario } from '../support/house.mjs';
import { delay, until } from '../support/scratch.mjs';

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
const seconds = process.env.MINUTES ? 60 * Number(process.env.MINUTES) : Number(process.env.FAULT_SECONDS ?? 8);
// Long runs have time for stalls that outlast every deadline, and for what happens only after a while in peace.
const shape = seconds < 300 ? { pace: 1, longest: 1_500, silence: 1_500 } : { pace: 6, longest: 15_000, silence: 100_000 };
const patience = Number(process.env.PATIENCE ?? 120) * 1_000;  // on a quiet machine
// Otherwise all would be right because nothing happened.
const few = seconds < 8 ? 1 : 5;
const asked = (variable, all) => (process.env[variable] ? [process.env[variable]] : all);
const grounds = asked('STORE', ['sqlite', 'postgresql']).flatMap((store) => asked('SERVED_BY', ['dovecot', 'lab']).map((servedBy) => [store, servedBy]));

/** Does `work` again and again until `ended()`, with pauses that the seed chooses. */
async function keepDoing(its, [least, most], ended, work) {
  while (!ended()) {
    await work(its);
    await delay(its.between(least, most));
  }
}

for (const [store, servedBy] of grounds) {
  scenario(`${seconds} s of faults over ${store}, with ${servedBy}: every mail is filed once, every reply delivered once`, { limit: 240_000 + seconds * 2_000 }, async ({ keep, t }) => {
    const began = Date.now();
    const repeat = `SEED=${seed} FAULT_SECONDS=${seconds} STORE=${store} SERVED_BY=${servedBy} node --test test/faults/faults.test.mjs`;
    console.log(`# ${repeat}`);
    const say = (words) => (process.env.VERBOSE ? console.log(`# ${words}`) : undefined);
    const campaign = startCampaign({ seed, say });
    try {
      const world = await openWorld({ keep, campaign, store, servedBy, say, longest: shape.silence });
      injectEverything(campaign, world, shape);
      const ready = Date.now();

      campaign.begin();
      let over = false;
      const traffic = [
        keepDoing(campaign.choices('customers'), [20, 200], () => over, world.customerWrites),
        ...['Ann', 'Bob', 'Cem'].map((name) => keepDoing(campaign.choices(`agent ${name}`), [50, 400], () => over, world.agentAnswers)),
      ];
      await Promise.race([delay(seconds * 1_000), ...traffic]);
      const wanted = { faults: few, 'mails put in': few, 'replies promised': few, ...(world.database && { 'replies overtaken': 1 }) };
      const amounts = () => ({
        faults: campaign.total(), 'mails put in': world.put.length, 'replies promised': world.promised.size, 'replies overtaken': campaign.counts.overtaken ?? 0,
      });
      const wanting = () => Object.entries(wanted).filter(([what, least]) => amounts()[what] < least).map(([what, least]) => `less than ${least} ${what}`);
      await Promise.race([until('enough faults, mails and replies', () => wanting().length === 0, { limit: patience }).catch(() => {}), ...traffic]);
      over = true;
      await Promise.all(traffic);
      await campaign.end();
      const ended = Date.now();

      // Nobody waits for what the servers have resolved to wait after so many failures.
      for (const server of world.servers) {
        await world.kill(server);
        await world.begin(server);
      }
      const people = await drain(world, { limit: patience });
      const counted = await count(world, people, { limit: patience });
      assert.deepEqual(wanting(), []);
      assert.ok(store !== 'sqlite' || world.disk, 'no disk lost what was not synced: build postroom-power-cut, too');
      const faults = Object.entries(campaign.counts).sort().map(([what, times]) => `${what} ${times}`).join(', ');
      t.diagnostic(`${campaign.total()} faults injected: ${faults}`);
      t.diagnostic(`${world.put.length} mails put in, ${counted.filed} filed; ${world.promised.size} replies promised, ${counted.delivered} delivered, `
        + `${counted.found} of them found in Sent Items; people decided ${people.decided} times, and had ${people.readAgain} mails read again`);
      t.diagnostic(`${Math.round((ended - ready) / 1000)} s of faults, ${Math.round((ready - began) / 1000)} s before and ${Math.round((Date.now() - ended) / 1000)} s after; SEED=${seed}`);
    } catch (error) {
      console.log(`# the faults so far: ${JSON.stringify(campaign.counts)}\n# to repeat it: ${repeat}`);
      throw error;
    } finally {
      await campaign.end().catch(() => {});
    }
  });
}
