// The way in alone, over servers that strike at each place of IMAP and POP3: the connection is cut off or ended in good order before each single command is carried
// out, behind it, and amid mails and lists; commands are refused; Postroom is killed there. Every mail is filed once, with its bytes, and what is
// deleted or moved was filed.
//
// MAILS=n is how many mails there are at least (40), SEED=n repeats the choices.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { makeCertificates } from '../support/certificates.mjs';
import { seeded } from '../support/faults/choices.mjs';
import { run, scenario, startServer } from '../support/house.mjs';
import { startOwnImapServer } from '../support/own-imap-server.mjs';
import { startOwnPop3Server } from '../support/own-pop3-server.mjs';
import { delay, freePort, patience, scratchFolder, until } from '../support/scratch.mjs';

const least = Number(process.env.MAILS ?? 40);
// Where it is run to be green, the same each time; a long run goes other ways each time.
const seed = Number(process.env.SEED ?? (process.env.MAILS ? Date.now() % 1_000_000 : 97_443));
const digestOf = (raw) => createHash('sha256').update(raw, 'latin1').digest('hex');

const boxes = [
  { address: 'moves@contoso.test', after: 'move', verbs: ['CAPABILITY', 'AUTHENTICATE', 'SELECT', 'SEARCH', 'FETCH', 'MOVE', 'NOOP'], amid: ['FETCH'] },
  { address: 'deletes@contoso.test', after: 'delete', verbs: ['SELECT', 'SEARCH', 'FETCH', 'STORE', 'EXPUNGE'], amid: ['FETCH'] },
  { address: 'pop@contoso.test', after: 'delete', pop3: true, verbs: ['CAPA', 'AUTH', 'UIDL', 'RETR', 'DELE', 'QUIT'], amid: ['RETR', 'UIDL'] },
  { address: 'stays@contoso.test', after: 'leave', pop3: true, verbs: ['UIDL', 'LIST', 'RETR', 'QUIT'], amid: ['LIST', 'RETR'] },
];
const refused = { imap: (tag) => `${tag} NO Server Unavailable. 15\r\n`, pop3: () => '-ERR Server Unavailable. 21\r\n' };

const placesOf = ({ verbs, amid }) => [...verbs.flatMap((verb) => [`before ${verb}`, `behind ${verb}`]), ...amid.map((verb) => `amid ${verb}`)];
/** Each place once, in a long run with each kind; but few kills: each costs a start. */
function everything(box, its) {
  const all = placesOf(box).flatMap((place) => (least > 1_000 ? ['cut', 'end'] : [its.pick(['cut', 'end'])]).map((kind) => ({ place, kind })));
  for (const verb of box.verbs) if (!['CAPABILITY', 'CAPA', 'AUTHENTICATE', 'AUTH'].includes(verb)) all.push({ place: `before ${verb}`, kind: 'refuse' });
  for (const verb of least > 1_000 ? ['FETCH', 'MOVE', 'EXPUNGE', 'DELE', 'QUIT'] : ['MOVE', 'QUIT']) if (box.verbs.includes(verb)) all.push({ place: `behind ${verb}`, kind: 'kill' });
  return all;
}

scenario(`at least ${least} mails through strikes at every place of IMAP and POP3 are filed once each`, { limit: 180_000 + least * 400 }, async ({ keep, t }) => {
  t.diagnostic(`SEED=${seed} MAILS=${least}`);
  const its = seeded(seed)('strikes');
  const { folder, remove } = scratchFolder('certificates');
  await keep({ stop: remove });
  const certificates = makeCertificates(folder);
  const server = await keep(startServer({ anchors: [certificates.anchor] }));
  await server.command('settings', 'set', 'external-url', server.url);
  await server.command('department', 'add', 'Customer care');

  const put = new Map();  // by subject: where to, and the digest
  const struck = {};
  let killed = false;  // and not begun again
  for (const box of boxes) {
    const mails = box.pop3 ? [] : new Map();
    box.own = await keep(box.pop3 ? startOwnPop3Server({ certificates, mails }) : startOwnImapServer({ certificates, mails }));
    box.all = everything(box, its);
    box.plan = [...box.all];
    box.uid = 0;
    box.here = () => (box.pop3 ? box.own.mails : [...mails.values()]);
    box.arrive = () => {
      const subject = `Mail ${put.size + 1}`;
      const size = its.chance(0.1) ? its.between(260_000, 600_000) : its.magnitude(50, 20_000);
      const raw = `From: customer@example.com\r\nTo: ${box.address}\r\nSubject: ${subject}\r\nMessage-ID: <${put.size}@example.com>\r\n\r\n${`${subject}, `.repeat(size / 10 + 1).replace(/.{70}/g, '$&\r\n.')}\r\n`;
      put.set(subject, { box, digest: digestOf(raw) });
      if (box.pop3) mails.push({ id: `id${put.size}`, raw, subject });
      else mails.set(++box.uid, { raw, subject });
    };
    box.own.strike = (place, socket, some = '', tag = '') => {
      const at = box.plan.findIndex((each) => each.place === place);
      // In the order of the plan, unless it never comes there.
      if (at < 0 || (at > 0 && its.chance(0.5))) return false;
      const [{ kind }] = box.plan.splice(at, 1);
      struck[`${kind} ${place}`] = (struck[`${kind} ${place}`] ?? 0) + 1;
      if (kind === 'kill') {
        server.child.kill('SIGKILL');
        killed = true;
      }
      if (kind === 'refuse') return socket.write(refused[box.pop3 ? 'pop3' : 'imap'](tag)), true;
      const end = () => (kind === 'end' ? socket.end() : socket.destroy());
      if (some === '') end();
      else socket.write(some, 'latin1', () => end());
      return true;
    };
    const protocol = box.pop3 ? ['--retrieval', 'pop3', '--pop3-host', box.own.endpoint] : ['--imap-host', box.own.endpoint];
    const name = box.address.split('@')[0];
    await server.command('account', 'add', name, '--department', 'Customer care', '--access', 'password', '--user', box.address, '--password-file', '-',
      ...protocol, '--smtp-host', `localhost:${await freePort()}`, { input: 'right\n' });
    await server.command('mailbox', 'add', box.address, '--account', name, '--baseline', 'all', '--after', box.after, ...(box.after === 'delete' ? ['--confirm-deletion'] : []));
  }

  const began = Date.now();
  let starts = 0;
  const left = () => boxes.reduce((sum, box) => sum + box.plan.length, 0);
  // What is away from the server was filed, whatever happened meanwhile.
  const filed = async () => {
    const found = new Map();
    for (const each of await server.cases())
      for (const activity of each.items) found.set(each.subject, [...(found.get(each.subject) ?? []), activity]);
    return found;
  };
  while (put.size < least || left() > 0 || killed) {
    for (const box of boxes) {
      if (box.plan.length === 0 && put.size < least) box.plan.push({ place: its.pick(placesOf(box)), kind: its.weighted({ cut: 4, end: 3, kill: 0.3 }) });
      if (box.plan.length > 0) for (let more = its.between(1, 3); more > 0; --more) box.arrive();
    }
    const planned = boxes.map(({ plan }) => plan.length);
    await run(['retrieve', '--once', '--socket', server.socket]);  // fails where it is struck
    // A session that goes on comes to no beginning, and one that has just begun to no NOOP.
    for (const [at, { plan, own }] of boxes.entries()) if (plan.length > 0 && plan.length === planned[at] && its.chance(0.5)) own.drop();
    if (killed) {
      killed = false;
      await server.kill();
      await server.begin();
      ++starts;
    }
    assert.ok(Date.now() - began < patience * (60_000 + least * 200), `strikes are left: ${JSON.stringify(boxes.map(({ address, plan }) => [address, plan]))}; ${server.log().slice(-2_000)}`);
  }
  const found = await until('every mail as a case, and each where it belongs', async () => {
    await run(['retrieve', '--once', '--socket', server.socket]);
    const { items } = await server.api('mailboxes');
    const open = items.filter((each) => each.counts.due > 0 || each.state !== 'idle').map((each) => `${each.address} ${each.state} ${each.state_reason}`);
    const now = await filed();
    const missing = [...put.keys()].filter((subject) => !now.has(subject));
    if (missing.length + open.length > 0) throw new Error(`missing: ${missing.slice(0, 10)}; ${open}; ${JSON.stringify((await server.api('exceptions')).items)}`);
    return now;
  }, { limit: 60_000, pause: 200 });
  const seconds = Math.round((Date.now() - began) / 1_000);
  await delay(300);  // what is too many would come now
  const doubles = [...await filed()].filter(([, activities]) => activities.length !== 1).map(([subject]) => subject);
  assert.deepEqual(doubles, [], 'filed once');
  for (const [subject, { box, digest }] of put) {
    const bytes = await server.api(`activities/${found.get(subject)[0].id}/raw`);
    assert.equal(digestOf(bytes.toString('latin1')), digest, subject);
    assert.equal(box.here().filter((each) => each.subject === subject).length, box.after === 'leave' ? 1 : 0, `${subject} at ${box.address}`);
    if (box.after === 'move') assert.equal(box.own.moved.filter((each) => each.subject === subject).length, 1, `${subject} was moved`);
  }
  for (const box of boxes) for (const { kind, place } of box.all) assert.ok(struck[`${kind} ${place}`] > 0, `${kind} ${place}`);
  const strikes = Object.values(struck).reduce((sum, each) => sum + each, 0);
  t.diagnostic(`${put.size} mails, ${strikes} strikes at ${Object.keys(struck).length} kinds of places, ${starts} kills, in ${seconds} s`);
});
