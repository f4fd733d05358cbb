// Many mailboxes of one server: how they come to it, how they come back to it, and that a large one keeps nobody from theirs.
// MAILBOXES says how many there are, LARGE how many mails the large one has.
import assert from 'node:assert/strict';
import net from 'node:net';
import { authorize, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { delay, until } from '../support/scratch.mjs';

const user = 'sales@contoso.test';
const mail = (subject) => `From: a@example.com\r\nTo: b@contoso.test\r\nSubject: ${subject}\r\nMessage-ID: <${encodeURIComponent(subject)}@example.com>\r\n\r\nHello\r\n`;

/** Stands between Postroom and a mail server, and counts who comes. */
async function startGate(to) {
  const [host, port] = to.split(':');
  const inside = new Set();
  const gate = { name: 'gate', open: true, came: 0, most: 0, get inside() { return inside.size; } };
  const server = net.createServer((client) => {
    ++gate.came;
    client.on('error', () => {});
    if (!gate.open) return client.destroy();
    const other = net.connect(port, host);
    other.on('error', () => {});
    inside.add(client);
    gate.most = Math.max(gate.most, inside.size);
    client.pipe(other).pipe(client);
    client.once('close', () => { inside.delete(client); other.destroy(); });
    other.once('close', () => client.destroy());
    return undefined;
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  gate.address = `localhost:${server.address().port}`;
  gate.shut = () => {
    gate.open = false;
    for (const each of inside) each.destroy();
  };
  gate.stop = () => { gate.shut(); server.close(); };
  return gate;
}

async function house(keep, count) {
  const boxes = Array.from({ length: count }, (_, i) => `box${i + 1}@contoso.test`);
  const lab = await keep(startLab({ tenant: { mailboxes: boxes.map((address) => ({ address, full_access: [user] })) } }));
  const gate = await keep(startGate(lab.facts.imap));
  const server = await keep(startServer({ anchors: [lab.facts.anchor] }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  await server.command('account', 'add', 'sales', '--department', 'Customer care', '--application', 'provider', '--kind', 'shared',
    '--user', user, '--imap-host', gate.address, '--smtp-host', lab.facts.smtp);
  await server.command('mailbox', 'add', user, '--account', 'sales', '--baseline', 'all', '--after', 'leave');
  assert.equal((await authorize(server, 'sales', user, lab.signIn)).state, 'accepted');
  await server.idle(user);
  const states = async () => (await server.api('mailboxes')).items.filter((each) => boxes.includes(each.address));
  const add = async () => {
    for (const address of boxes) await server.api('mailboxes', { address, account: 'sales', baseline: 'all', after: 'leave' });
  };
  const allIdle = () => until('all being idle', async () => (await states()).every((each) => each.state === 'idle'), { limit: 60_000 + 100 * count });
  return { boxes, lab, gate, server, states, add, allIdle };
}

scenario('mailboxes whose server went away come back to it without a storm', { limit: 120_000 + 200 * Number(process.env.MAILBOXES || 60) }, async ({ keep }) => {
  const { boxes, lab, gate, server, states, add, allIdle } = await house(keep, Number(process.env.MAILBOXES || 60));
  await add();
  await allIdle();
  assert.equal(gate.inside, boxes.length + 1);

  gate.shut();
  gate.came = 0;
  const waits = (each) => each.state === 'waiting' && /one at a time tries whether/.test(each.state_reason);
  await until('mailboxes saying what they wait for', async () => (await states()).some(waits), { limit: 30_000 });
  // Each by itself would have come three times by now.
  assert.ok(gate.came < boxes.length / 2, `${gate.came} came to a server that was away`);

  gate.open = true;
  await lab.mail(boxes[7], mail('While it was away'));
  await allIdle();
  await server.caseAbout('While it was away');
});

scenario('no more mailboxes are connected to one server than the setting says', { limit: 90_000 }, async ({ keep }) => {
  const { boxes, gate, server, states, add, allIdle } = await house(keep, 5);
  await server.command('settings', 'set', 'connections-per-server', '3');
  await delay(12_000);  // settings are looked at every ten seconds
  gate.most = 0;
  await add();
  const waits = (each) => each.state === 'waiting' && /connections-per-server lets 3 /.test(each.state_reason);
  await until('the others waiting', async () => (await states()).filter(waits).length === boxes.length - 2);
  assert.ok(gate.most <= 3, `${gate.most} were connected`);
  await server.command('settings', 'set', 'connections-per-server', '0');
  await allIdle();
  assert.equal(gate.inside, boxes.length + 1);
});

scenario('a large mailbox that is retrieved delays no other', { limit: 240_000 }, async ({ keep }) => {
  const { boxes: [large, small], lab, server, states, add, allIdle } = await house(keep, 2);
  await add();
  await allIdle();
  const all = Number(process.env.LARGE || 10_000);
  await lab.api(`mail?mailbox=${encodeURIComponent(large)}&copies=${all}`, Buffer.from(`From: c@example.com\r\nSubject: One of many\r\n\r\n${'word '.repeat(100)}\r\n`));
  const stateOf = async (address) => (await states()).find((each) => each.address === address).state;
  await until('the large mailbox being retrieved', async () => await stateOf(large) === 'retrieving', { pause: 10 });
  const took = [];
  const began = Date.now();
  for (let i = 1; ; ++i) {
    const before = (await states()).find((each) => each.address === small).last_success;
    const sent = Date.now();
    await lab.mail(small, mail(`Small ${i}`));
    // Its look ends when its mail is filed; triage, which comes after, has one queue.
    await until('the small mailbox having looked', async () => {
      const now = (await states()).find((each) => each.address === small);
      return now.state === 'idle' && now.last_success !== before;
    }, { pause: 20 });
    took.push(Date.now() - sent);
    if (await stateOf(large) !== 'retrieving') break;
    await delay(30);
  }
  assert.ok(took.length > 2, `the large mailbox was retrieved within ${took.length} mails of the small one`);
  const whole = Date.now() - began;
  assert.ok(Math.max(...took) < Math.max(5_000, whole / 3), `a mail of the small mailbox took ${Math.max(...took)} of ${whole} ms`);
});
