// When the faults have ended, everything comes to its end; and then each mail is counted, where it was put in and where it came out.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { delay, until } from '../scratch.mjs';
import { bare } from './mail-servers.mjs';

/** Of a mail's body, whatever its line ends became. */
export const digestOf = (body) => createHash('sha256').update(body.replace(/\r\n/g, '\n').trimEnd(), 'latin1').digest('hex');
const bodyOf = (raw) => raw.slice(/\r?\n\r?\n/.exec(raw).index).replace(/^(\r?\n){2}/, '');

/** How often each is there. */
function tally(names) {
  const times = new Map();
  for (const name of names) times.set(name, (times.get(name) ?? 0) + 1);
  return times;
}

/** Fails, naming some, where not every name is there `wanted` times. */
function assertTimes(times, names, wanted, what) {
  const wrong = names.filter((name) => (times.get(name) ?? 0) !== wanted).map((name) => `${name}: ${times.get(name) ?? 0}`);
  assert.equal(wrong.length, 0, `${what}: ${wrong.length} of ${names.length} are not there ${wanted} times; how often: ${wrong.slice(0, 10).join(', ')}`);
}

/** Reading a mail was cut off three times, so that it might be what ends the process: a person tries it again. */
async function readAgain({ server }, people) {
  for (const each of (await server.api('exceptions')).items) {
    assert.match(each.reason, /never finished/);
    await server.api(`exceptions/${each.id}/retry`, {});
    ++people.readAgain;
  }
}

/** Until nothing is under way any more. People do what is left to people: decide, and have mail read again. */
export async function drain(world, { limit }) {
  const { server, mail, put, mailboxes } = world;
  const people = { decided: 0, readAgain: 0 };
  await until('everything at its end', async () => {
    const boxes = (await server.api('mailboxes')).items;
    const filed = boxes.reduce((sum, each) => sum + each.counts.filed, 0);
    const due = boxes.reduce((sum, each) => sum + each.counts.due, 0);
    await readAgain(world, people);
    const open = [];
    for (const state of ['queued', 'claimed', 'committing', 'in-doubt']) open.push(...(await server.api(`outbound?limit=200&state=${state}`)).items);
    const left = open.filter((each) => each.state === 'in-doubt' && !each.next_try);
    if (left.length > 0 && !mail.isDelivering()) {
      // A person looks at what the customer has.
      const delivered = tally(await mail.idsOfCustomer());
      for (const each of left) {
        const as = delivered.has(bare(each.message_id)) ? 'sent' : 'resend';
        await server.api(`outbound/${each.id}/resolution`, { as });
        world.say(`in doubt, and settled by a person as ${as}: ${each.reason}`);
        ++people.decided;
      }
    }
    let inbox = 0;
    for (const { address, after } of mailboxes) inbox += after === 'leave' ? 0 : (await mail.idsIn(address)).length;
    if (filed < put.length || due > 0 || open.length > 0 || inbox > 0 || boxes.some((each) => each.state !== 'idle')) {
      const states = boxes.map((each) => `${each.address} ${each.state} ${each.state_reason}`).join('; ');
      const first = open[0] && `the first of them ${open[0].state}: ${open[0].reason}, next try ${open[0].next_try}`;
      throw new Error(`${filed} of ${put.length} are filed, ${due} after-actions due, ${inbox} left in INBOX, ${open.length} replies open (${first}); ${states}`);
    }
    return true;
  }, { limit, pause: 300 });
  return people;
}

async function everyActivity(server) {
  const received = [];
  const sent = [];
  for (const each of await server.cases())
    for (const activity of each.items) (activity.kind === 'sent' ? sent : received).push(activity);
  return { received, sent };
}

/** Counts; returns how many. Nothing may be missing, be there twice, or be other than what was put in. */
export async function count(world, people, { limit }) {
  const { server, mail, put, promised, mailboxes } = world;
  const { received, sent } = await until('every mail as an activity', async () => {
    await readAgain(world, people);
    const now = await everyActivity(server);
    const there = new Set(now.received.map((each) => bare(each.message_id)));
    const missing = put.filter((each) => !there.has(each.id)).map((each) => `${each.id} to ${each.to}`);
    if (missing.length > 0) throw new Error(`${missing.length} of ${put.length} mails are in no case: ${missing.slice(0, 10).join(', ')}`);
    return now;
  }, { limit });
  await delay(700);  // what would be too many would come now
  const filed = tally(received.map((each) => bare(each.message_id)));
  assertTimes(filed, put.map((each) => each.id), 1, 'mails filed');
  assert.equal(received.length, put.length, 'more was filed than was put in');
  const digests = new Map();
  for (const { id, message_id: messageId } of received) {
    const body = bodyOf((await server.api(`activities/${id}/raw`)).toString('latin1'));
    digests.set(bare(messageId), digestOf(body));
  }
  const changed = put.filter((each) => digests.get(each.id) !== each.digest).map((each) => each.id);
  assert.deepEqual(changed, [], 'their bytes are not those that were put in');
  const boxes = (await server.api('mailboxes')).items;
  for (const { address, after } of mailboxes) {
    const its = put.filter((each) => each.to === address).map((each) => each.id);
    assert.equal(boxes.find((each) => each.address === address).counts.filed, its.length, `the ledger of ${address}`);
    if (after === 'move') assertTimes(tally(await mail.idsIn(address, 'Postroom')), its, 1, `mails moved in ${address}`);
    if (after === 'leave') assertTimes(tally(await mail.idsIn(address)), its, 1, `mails left in ${address}`);
  }

  const replies = sent.map((each) => each.outbound);
  for (const id of promised) assert.ok(replies.some((each) => each.id === id), `the reply ${id} was promised, and is lost`);
  const unsent = replies.filter((each) => each.state !== 'sent');
  assert.deepEqual(unsent.map((each) => `${each.id} is ${each.state}: ${each.reason}`), [], 'replies that were not sent');
  await until('what was accepted is delivered', () => !mail.isDelivering());
  const delivered = await mail.idsOfCustomer();
  assertTimes(tally(delivered), replies.map((each) => bare(each.message_id)), 1, 'replies delivered');
  assert.equal(delivered.length, replies.length, 'more was delivered than was sent');
  const found = replies.filter((each) => /Sent Items/.test(each.reason)).length;
  return { filed: received.length, delivered: delivered.length, found };
}
