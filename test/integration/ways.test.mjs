// The table of ways in which an item of the check list fails (`postroom lab faults`), walked: each is broken, and exactly that item fails,
// with that cause, whatever else hangs on it; it is mended, and holds again. Then pairs of them at once: both are found, or the second
// could not be told because of the first. SEED chooses others of what is chosen, WAY walks all rows whose name it fits (WAY=. in `make
// test-long`), and all of their numbers; PAIRS=all takes all pairs and nothing else, PAIRS=200-300,7 those, in HOUSES houses side by side.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { request } from '../support/browser.mjs';
import { addAccount, authorize, beginAuthorization, run, scenario, settled, setUp, startLab, startServer } from '../support/house.mjs';
import { addPeople, signIn } from '../support/people.mjs';
import { root, until } from '../support/scratch.mjs';

const of = (name) => `${name}@contoso.test`;
// Who opens which mailbox. Nobody signs in for the last one: the application opens it by itself.
const accounts = {
  sales: { user: of('sales'), mailbox: of('sales') },
  orders: { user: of('orders'), mailbox: of('orders') },
  answers: { user: of('answers'), mailbox: of('answers') },
  team: { user: of('support'), mailbox: of('shared') },
  own: { mailbox: of('desk') },
  // Of Microsoft's own hosts, which the lab's proxy leads to the lab.
  through: { user: of('through'), mailbox: of('through') },
};
const names = Object.keys(accounts);
const languages = ['en', 'fr', 'nl', 'pt-BR', 'ar'];

async function furnish(keep) {
  const lab = await keep(startLab({ proxy: true }));
  const server = await keep(startServer({ anchors: [lab.facts.anchor], store: 'sqlite', configuration: `[net]\nproxy = "http://${lab.facts.proxy}"\nno-proxy = [".invalid"]\n` }));
  const { client_id: clientId, client_secret: clientSecret, authority, password, imap, pop3, smtp } = lab.facts;
  await setUp(server, { authority, clientId, clientSecret });
  const elsewhere = { url: server.url.replace('localhost', '127.0.0.1') };
  const principal = (await lab.api('applications'))[0].enterprise_object_id;
  await lab.api('applications', {
    client_id: clientId, redirect_uris: [server.url, elsewhere.url].map((each) => `${each}/oauth/callback`), app_roles: ['IMAP.AccessAsApp', 'SMTP.SendAsApp'], service_principal: principal,
  });
  for (const upn of ['orders', 'answers', 'through'].map(of)) await lab.api('users', { upn, password });
  await lab.api('mailboxes', { address: of('shared'), full_access: [of('support')], send_as: [of('support')] });
  await lab.api('mailboxes', { address: of('desk'), full_access: [principal], send_as: [principal] });
  for (const name of ['sales', 'orders']) await addAccount(server, { user: of(name), imap, smtp, after: 'leave' });
  await addAccount(server, { user: of('answers'), pop3, smtp, after: 'leave' });
  await addAccount(server, { user: of('through'), imap: 'outlook.office365.com:993', smtp: 'smtp.office365.com:587', after: 'leave' });
  const sharing = ['--department', 'Customer care', '--application', 'provider', '--kind', 'shared', '--imap-host', imap, '--smtp-host', smtp];
  await server.command('account', 'add', 'team', '--user', of('support'), ...sharing);
  await server.command('account', 'add', 'own', '--access', 'application', ...sharing);
  for (const name of ['team', 'own']) await server.command('mailbox', 'add', accounts[name].mailbox, '--account', name, '--after', 'leave');
  await server.command('settings', 'set', 'check-round-trip', '12s');
  await server.command('settings', 'set', 'alarm-recipients', 'people@customer.example');
  await server.api('alarm-routes', { account: 'orders' });
  await addPeople(server);
  await signIn(server, 'agent');
  const house = { lab, server, authorize: async (name) => {
    const { user } = accounts[name];
    const ended = user ? await authorize(server, name, user, lab.signIn)
      : await settled(server, (await beginAuthorization(server, name, { flow: 'application' })).id);
    assert.equal(ended.state, 'accepted', ended.reason);
  } };
  for (const name of names) await house.authorize(name);
  house.items = (await server.api('checks')).items.map((each) => each.id);
  return house;
}

/** Looks at `items` of one account, or at all; it may send a mail of its mailbox to itself. */
async function look({ server }, account, items) {
  const { id } = await server.api('checks/runs', { account, items, may_send: true });
  const said = async (language) => JSON.parse((await request(`/api/v1/checks/runs/${id}`, {
    socketPath: server.socket, headers: { 'accept-language': language },
  })).bytes);
  const ended = await until(`the run of ${account}`, async () => {
    const now = await said('en');
    return now.state === 'done' && now;
  }, { pause: 20 });
  return { findings: ended.findings, said };
}

const inShort = (found) => found.map((each) => `${each.item} (${each.subject}) ${each.outcome}: ${each.cause || each.because} ${each.evidence}`).join('\n');
// The External URL is one of this machine only all the time.
const wrong = (findings) => findings.filter((each) => ['fails', 'warns'].includes(each.outcome) && each.cause !== 'external-url-not-https');
const untold = (findings) => findings.filter((each) => each.outcome === 'could-not-be-told');
const has = (way, note) => way.notes.includes(note);

// What is broken by hand, or by the hand of a test.
function hands({ server }) {
  const store = (sql) => String(execFileSync('sqlite3', ['-cmd', '.timeout 20000', path.join(server.folder, 'store/postroom.db'), sql])).trim();
  const setting = (sql, back) => ({ breakIt: async () => store(sql), mend: async () => store(back) });
  let key;
  const shut = (hex) => `x'${hex.slice(0, -8)}00000000'`;
  const mine = `user_name = '${of('sales')}'`;
  return {
    'minimum-version/another-schema': setting('INSERT INTO schema_migration (version, name, applied) SELECT 999, name, applied FROM schema_migration LIMIT 1',
      'DELETE FROM schema_migration WHERE version = 999'),
    'grant-owner/somebody-else': setting(`UPDATE account_grant SET user_name = '${of('alex')}' WHERE user_name = '${of('sales')}'`,
      `UPDATE account_grant SET user_name = '${of('sales')}' WHERE user_name = '${of('alex')}'`),
    'own-links/another-vault-key': {
      breakIt: async () => {
        key = store(`SELECT hex(sealed_value), hex(access_token) FROM credential, account_grant WHERE ${mine}`).split('|');
        const [secret, token] = key.map(shut);
        store(`UPDATE credential SET sealed_value = ${secret}; UPDATE account_grant SET access_token = ${token} WHERE ${mine}`);
      },
      // What was sealed meanwhile was so with the right key.
      mend: async () => {
        const [secret, token] = key;
        store(`UPDATE credential SET sealed_value = x'${secret}' WHERE sealed_value = ${shut(secret)};`
          + `UPDATE account_grant SET access_token = x'${token}' WHERE access_token = ${shut(token)}`);
      },
    },
  };
}

/** How a way is broken and mended, for a mailbox or for everybody. */
function switches(house, way, account, value = '') {
  const { lab, server } = house;
  const mailbox = has(way, 'everybody') ? '' : accounts[account].mailbox;
  if (way.by === 'hand') {
    assert.ok(house.hands[way.way], `${way.way} is broken by hand, and there is no hand for it here`);
    return house.hands[way.way];
  }
  if (way.by === 'lab') return {
    breakIt: () => lab.api('ways', { way: way.way, mailbox, value }),
    mend: () => lab.api(`ways?way=${way.way}&mailbox=${mailbox}`, undefined, 'DELETE'),
  };
  // What is Postroom's own goes by the commands.
  const command = async (verb) => {
    const ended = await run(['lab', verb, way.way, '--lab', lab.facts.page.replace(/\/$/, ''), '--socket', server.socket, ...(mailbox ? ['--mailbox', mailbox] : [])]);
    assert.equal(ended.code, 0, `${verb} ${way.way}: ${ended.err}`);
  };
  return { breakIt: () => command('break'), mend: () => command('mend') };
}

const concerns = (way, account) => (has(way, 'pop3') ? account === 'answers' : has(way, 'shared') ? account === 'team'
  : has(way, 'application') ? account === 'own' : has(way, 'proxy') ? account === 'through'
    : ['sales', 'orders'].includes(account) || (account === 'through' && !has(way, 'everybody') && way.by === 'lab'));
// What is wrong with console and provider is so whichever account it is.
const touches = (way, account) => concerns(way, account)
  || (/^(external-url|port-443|url-login|clock|application-exists|redirect-url|authority.another)/.test(way.way));
// These send mail about other things than the way, and wait for it: they are looked at where they are meant.
const slow = ['round-trip', 'sent-copy', 'alarm-notification'];
const itemsFor = (house, ...ways) => house.items.filter((each) => !slow.includes(each) || ways.some((way) => way.item === each));

/** Mends what is broken, each way of its account, until all of it holds again. */
async function mendAll(house, ...broken) {
  for (const { way, account } of broken) await switches(house, way, account).mend();
  const concerned = [...new Set(broken.map((each) => each.account))];
  if (broken.some(({ way }) => has(way, 'grant'))) for (const name of concerned) await house.authorize(name);
  // What an application got for itself ends with its authority.
  if (broken.some(({ way }) => way.way === 'authority/common')) await house.authorize('own');
  // What was found holds again. A provider that asked to wait is let alone for so long.
  const items = broken.map(({ way }) => itemOf(way));
  await until(`${broken.map(({ way }) => way.way).join(', ')} being mended`, async () => {
    const left = [];
    for (const name of concerned) {
      const { findings } = await look(house, name, [...items, ...broken.map(({ way }) => way.item)]);
      left.push(...wrong(findings), ...untold(findings));
    }
    return left.length === 0 || Promise.reject(new Error(inShort(left)));
  }, { limit: broken.some(lasts) ? 120_000 : 20_000 });
}

// What hides behind another cause is told by the item of that one.
const itemOf = (way) => (way.among ? 'inbound-enabled' : way.item);
const outcomeOf = (way) => (has(way, 'warns') ? 'warns' : 'fails');

async function walkOne(house, way, account) {
  await switches(house, way, account).breakIt();
  // An account that was added for it is looked at instead.
  const see = () => look(house, way.adds ? way.members.name : account, itemsFor(house, way));
  const { findings, said } = has(way, 'later') ? await until(`${way.way} being retrieved`, async () => {
    const seen = await see();
    return wrong(seen.findings).length > 0 && seen;
  }) : await see();
  const found = wrong(findings);
  const told = `${way.way} of ${account}:\n${inShort(found)}\nnot told:\n${inShort(untold(findings))}`;
  const item = itemOf(way);
  const always = way.cause === 'external-url-not-https';
  assert.deepEqual((always ? findings.filter((each) => each.cause === way.cause) : found).map((each) => [each.item, each.outcome, each.cause]),
    [[item, outcomeOf(way), way.cause]], told);
  let english;
  for (const language of languages) {
    const there = (await said(language)).findings.find((each) => each.item === item && each.cause === way.cause);
    for (const member of ['must', 'title', 'evidence', 'remedy', 'whose', 'owner']) assert.ok(there[member], `${way.way}: no ${member} in ${language}`);
    english ??= there;
    if (there === english) continue;
    // What is not translated comes in English. A command, and Microsoft, are the same everywhere.
    const same = (member) => (member === 'remedy' && /^(postroom|[A-Z][a-z]+-[A-Z]\w+) /.test(english.remedy)) || (member === 'whose' && there.owner === 'microsoft');
    for (const member of ['must', 'title', 'remedy', 'whose'].filter((each) => !same(each)))
      assert.notEqual(there[member], english[member], `${way.way}: its ${member} in ${language} is not translated`);
  }
  if (way.among) assert.match(found[0].evidence, new RegExp(way.among), told);
  await mendAll(house, { way, account });
}

// Items that a provider's number can be told by.
const numbered = ['application-exists', 'redirect-url', 'client-credential', 'permissions', 'grant-refresh', 'grant-forecast', 'application-only'];

/** Further numbers of a way that has some: only what could be blamed is looked at. */
async function walkNumbers(house, way, account, values) {
  const troubles = [];
  for (const value of values) {
    const { breakIt, mend } = switches(house, way, account, value);
    await breakIt();
    const { findings } = await look(house, account, numbered);
    await mend();
    const found = wrong(findings).map((each) => `${each.item} ${each.outcome} ${each.cause}`).join(', ');
    if (found !== `${way.item} fails AADSTS${value}`) troubles.push(`${way.way} ${value}: ${found}\nnot told:\n${inShort(untold(findings))}`);
  }
  assert.equal(troubles.join('\n'), '');
  await mendAll(house, { way, account });
}

// Mail that has come stays when the server that brought it can't be reached any more: what is wrong with that lasts while it is walked with
// everything else.
const lasts = ({ way }) => has(way, 'later');
const same = (a, b) => a.way.way === b.way.way && a.account === b.account;
const passing = (house, broken) => broken.filter((each) => !house.lasting?.some((one) => same(one, each)));

/**
 * All of them, in several houses: those of different accounts side by side, then what is wrong for all or shows in two. Collects what
 * went wrong.
 */
async function inLanes(houses, work, carryOut) {
  const troubles = [];
  const one = async (house, { broken, ...more }) => {
    try {
      await carryOut(house, broken, more);
    } catch (error) {
      troubles.push(`${more.number ? `PAIRS=${more.number}-${more.number} ` : ''}${error.message}`);
      for (const { way, account } of passing(house, broken)) await Promise.resolve(switches(house, way, account).mend()).catch(() => {});
      for (const { account } of broken) await house.authorize(account).catch(() => {});
    }
  };
  const ofAll = ({ broken }) => broken.some(({ way, account }) => has(way, 'everybody') || way.by === 'hand' || account !== broken[0].account);
  const lasting = work.filter(({ broken }) => broken.length > 1 && broken.some(lasts));
  const standing = lasting.flatMap(({ broken }) => broken.filter(lasts)).filter((each, i, all) => all.findIndex((one) => same(one, each)) === i);
  const others = work.filter((each) => !lasting.includes(each));
  const alone = others.filter(ofAll);
  const byAccount = new Map(names.map((name) => [name, others.filter((each) => each.broken[0].account === name && !ofAll(each))]));
  const lane = async (house, list) => { while (list.length > 0) await one(house, list.shift()); };
  await Promise.all(houses.map(async (house) => {
    await Promise.all([...byAccount.values()].map((list) => lane(house, list)));
    await lane(house, alone);
    if (lasting.length === 0) return;
    house.lasting = standing;
    for (const { way, account } of house.lasting) {
      await switches(house, way, account).breakIt();
      await until(`${way.way} being retrieved`, async () => wrong((await look(house, account, [way.item])).findings).length > 0);
    }
    await lane(house, lasting);
    house.lasting = [];
    await mendAll(house, ...standing);
  }));
  if (troubles.length > 0) throw new Error(`${troubles.length} of them:\n${troubles.join('\n---\n')}`);
}

/** All holds for everybody; what waits for mail is looked at once. */
const allHolds = (house) => Promise.all(names.map(async (name, i) => {
  const { findings } = await look(house, name, i === 0 ? undefined : itemsFor(house));
  assert.equal(inShort([...wrong(findings), ...untold(findings)]), '', name);
}));

// What of the lab or of Postroom a way changes. Two ways that change the same can't both be broken: a port is closed or cut, not both, and a
// step of a dialogue has one answer. Of two mailboxes each can.
function changed(way) {
  const members = Object.keys(way.members ?? {});
  if (way.by === 'postroom' && !way.adds) return members.length > 0 && !way.instead ? members.map((each) => `${way.path} ${each}`) : [way.path];
  if (way.change === 'fault') return [`${way.fault} ${way.step}`];
  return way.by === 'lab' && members.length > 0 ? members.map((each) => `${way.change} ${each}`) : [way.way];
}
const kindOf = (way) => ['pop3', 'shared', 'application', 'proxy'].find((each) => has(way, each));
const collide = (a, b) => changed(a).some((each) => changed(b).includes(each))
  && (kindOf(a) === kindOf(b) || has(a, 'everybody') || has(b, 'everybody'));

/** The same numbers for the same seed (a linear congruential generator). */
const randomFrom = (seed) => {
  let state = seed >>> 0;
  return (most) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
};

/**
 * As what a way shows where another one is broken, too. A host of which all ports are closed does not answer at all, which is one thing and
 * an item of its own; and nothing answers at the lab's address where that is closed.
 */
function shownAs(way, other, shared) {
  const are = (mine, its) => mine.test(way.way) && its.test(other.way);
  const shut = /^port-(587|993|995).(closed|silent)$/;
  if (shared && (are(shut, shut) || are(/^port-587.(closed|silent)$/, /^dns/))) return { item: 'url-office365', cause: 'port-closed' };
  if (are(/^external-url.elsewhere$/, /^(port-443|url-login.cut)/)) return { item: 'external-url', cause: 'external-url-unreachable' };
  return { item: itemOf(way), cause: way.cause };
}

/** What may be found besides, since it is so in one of two accounts. */
function inPassing(way, other) {
  // Whether it is the proxy that keeps silent, or who is behind it, shows nowhere.
  if (/^port-.*silent/.test(way.way) && has(other, 'proxy')) return [{ item: 'proxy', cause: 'proxy-refuses' }, { item: 'url-office365', cause: 'port-closed' }];
  // A host with no other port that is needed, as of Microsoft's each has one, does not answer then; nor does one that has two, both closed.
  const shut = /^port-.*(closed|silent)/;
  if (shut.test(way.way) && (has(other, 'proxy') || shut.test(other.way))) return [{ item: 'url-office365', cause: 'port-closed' }];
  // What an application got for itself ends with its authority.
  if (way.way === 'authority/common' && has(other, 'application')) return [{ item: 'grant-present', cause: 'not-authorized-yet' }];
  return [];
}

/** Two ways at once, each seen in an account that it concerns: mostly the same one. */
async function pairOf(house, broken) {
  const [a, b] = broken;
  const shared = a.account === b.account;
  for (const { way, account } of passing(house, broken)) await switches(house, way, account).breakIt();
  // An account that was added for it is looked at instead.
  const seenIn = ({ way, account }) => (way.adds ? way.members.name : account);
  const findings = {};
  for (const name of new Set(broken.map(seenIn))) {
    const others = house.lasting?.filter((each) => each.account === name && !broken.some((one) => same(one, each))) ?? [];
    findings[name] = (await look(house, name, itemsFor(house, a.way, b.way))).findings.filter((each) => !others.some(({ way }) => way.cause === each.cause));
  }
  const all = Object.values(findings).flat();
  const told = `${a.way.way} and ${b.way.way} of ${Object.keys(findings).join(' and ')}:\n${inShort(wrong(all))}\nnot told:\n${inShort(untold(all))}`;
  const as = [shownAs(a.way, b.way, shared), shownAs(b.way, a.way, shared)];
  const may = [...as, ...broken.flatMap(({ way }, i) => inPassing(way, broken[1 - i].way))];
  const isOf = (each, { item, cause }) => each.item === item && each.cause === cause && ['fails', 'warns'].includes(each.outcome);
  assert.ok(wrong(all).length > 0 && wrong(all).every((each) => may.some((one) => isOf(each, one))), told);
  broken.forEach((each, i) => {
    const [mine, its] = [as[i], as[1 - i]];
    const there = findings[seenIn(each)];
    if (there.some((one) => isOf(one, mine))) return;
    const ofItem = there.filter((one) => one.item === mine.item);
    // Of one item with two causes the first is told; what could not be told says which item stands in the way.
    const hidden = mine.item === its.item ? ofItem.some((one) => isOf(one, its))
      : ofItem.some((one) => one.outcome === 'could-not-be-told'
        && (one.because !== '' || one.evidence.includes(its.item) || one.evidence.includes(its.cause)));
    // That authenticated SMTP is on is told by the sign-in; that the sender is blocked, only by a mail that is refused nowhere before.
    const unsent = each.way.way === 'smtp-enabled/sender-blocked' && broken[1 - i].way.fault === 'smtp-refused' && ofItem.some((one) => one.outcome === 'holds');
    assert.ok(hidden || unsent, `${each.way.way} was neither found nor could it not be told\n${told}`);
  });
  await mendAll(house, ...passing(house, broken));
}

// PAIRS: all of them, or those of such numbers; without it, fifty.
const asked = process.env.PAIRS;

/** All pairs that can be broken together, numbered. Each is seen in one account where both concern one, otherwise in one each. */
function pairsOf(known) {
  return known.flatMap((a, i) => known.slice(i + 1).filter((b) => !collide(a, b)).map((b) => {
    // From where a mailbox is to be read now, nothing has come yet.
    const moved = [a, b].some((way) => way.item === 'dns') && [a, b].some((way) => has(way, 'later'));
    const both = names.find((name) => touches(a, name) && touches(b, name) && !moved);
    const own = (way) => (moved && way.item === 'dns' ? 'orders' : names.find((name) => touches(way, name)));
    return { broken: [a, b].map((way) => ({ way, account: both ?? own(way) })) };
  })).map((each, i) => ({ ...each, number: i + 1 }));
}

async function walkPairs(houses, pairs) {
  const begun = Date.now();
  const left = new Set(pairs.map((each) => each.number));
  await inLanes(houses, pairs, async (house, broken, { number }) => {
    await pairOf(house, broken);
    left.delete(number);
    if (left.size > 0 && left.size % 250 === 0) console.log(`${left.size} of ${pairs.length} pairs are left, from PAIRS=${Math.min(...left)}- on`);
  });
  console.log(`${pairs.length} pairs in ${Date.now() - begun} ms`);
}

/** One house is as good as another: what is wrong for everybody is so in its own only. */
async function furnishSeveral(keep, many) {
  const houses = await Promise.all(Array.from({ length: many }, () => furnish(keep)));
  for (const house of houses) house.hands = hands(house);
  await Promise.all(houses.map(allHolds));
  return houses;
}

/** What can't be broken is as it was, in Postroom too; of two ways that change the same there, one is broken at a time. */
async function refusals({ lab, server }) {
  const setting = async () => (await server.api('settings/external-url')).value;
  const command = (verb, ...more) => run(['lab', verb, ...more, '--lab', lab.facts.page.replace(/\/$/, ''), '--socket', server.socket]);
  const before = await setting();
  assert.match((await command('break', 'external-url/not-set', '--value', '5')).err, /takes no value/);
  assert.match((await command('break', 'external-url/not-set', '--times', '2')).err, /until it is mended/);
  assert.equal(await setting(), before);
  assert.equal((await command('break', 'external-url/not-set')).code, 0);
  assert.match((await command('break', 'external-url/elsewhere')).err, /external-url\/not-set is broken already/);
  assert.equal((await command('mend')).code, 0);
  assert.equal(await setting(), before);
}

const fitting = new RegExp(process.env.WAY ?? '');
const knownTo = async ({ lab }) => (await lab.api('ways')).known.filter((each) => fitting.test(each.way));

if (!asked) scenario('every way in which an item fails is found, and nothing else is blamed; two at once, too', { limit: 400_000 }, async ({ keep }) => {
  const houses = await furnishSeveral(keep, 2);
  await refusals(houses[0]);
  const known = await knownTo(houses[0]);
  const seed = Number(process.env.SEED ?? 7);
  const random = randomFrom(seed);
  const chosen = (list, most) => Array.from({ length: Math.min(most, list.length) }, () => list.splice(random(list.length), 1)[0]);
  console.log(`SEED=${seed}`);
  const begun = Date.now();
  let turn = 0;
  const slowest = (way) => (has(way, 'slow') ? 2 : slow.includes(way.item) ? 1 : 0);
  // Whoever waits for a server waits for long: one of those is chosen. What servers say to refuse is a text in a table: some of them are.
  const isText = (way) => ['imap-refused', 'pop3-refused', 'smtp-refused'].includes(way.fault);
  const some = (list, most) => chosen(list, process.env.WAY ? list.length : most);
  const walked = [
    ...some(known.filter((each) => has(each, 'slow')), 1), ...some(known.filter((each) => isText(each) && !has(each, 'slow')), 8),
    ...known.filter((each) => !has(each, 'slow') && !isText(each)),
  ].sort((a, b) => slowest(b) - slowest(a));
  await inLanes(houses, walked.map((way) => {
    const those = names.filter((name) => concerns(way, name));
    const account = way.by === 'hand' ? those[0] : those[turn++ % those.length];
    return { broken: [{ way, account }], values: chosen((way.values ?? []).filter((each) => `AADSTS${each}` !== way.cause), process.env.WAY ? 1000 : 1) };
  }), async (house, [{ way, account }], { values }) => {
    await walkOne(house, way, account);
    if (values.length > 0) await walkNumbers(house, way, account, values);
  });
  console.log(`${walked.length} ways in ${Date.now() - begun} ms`);
  const quick = ({ way }) => !slowest(way) && !has(way, 'later') && way.item !== 'dns';
  await walkPairs(houses, chosen(pairsOf(known).filter(({ broken }) => broken.every(quick)), 50));
  await Promise.all(houses.map(allHolds));
});

if (asked) scenario('of two that are wrong at once both are found, or one stands in the way of the other', { limit: 3_000_000 }, async ({ keep }) => {
  const houses = await furnishSeveral(keep, Number(process.env.HOUSES ?? 8));
  const ranges = (asked === 'all' ? '1-' : asked).split(',').map((each) => {
    const [from, to = from] = each.split('-');
    return [Number(from), Number(to || Infinity)];
  });
  const all = pairsOf(await knownTo(houses[0]));
  assert.match(readFileSync(path.join(root, 'docs/checks/README.md'), 'utf8'), new RegExp(`\\b${all.length} pairs can be broken together`));
  const pairs = all.filter(({ number }) => ranges.some(([from, to]) => number >= from && number <= to));
  await walkPairs(houses, pairs);
});

scenario('the guide\'s examples of the lab by itself run as they stand there', {}, async ({ keep }) => {
  const lab = await keep(startLab());
  const folder = path.dirname(lab.facts.anchor);
  const guide = readFileSync(path.join(root, 'docs/lab.md'), 'utf8').split('## Without Postroom')[1];
  const example = (language) => [
    ['localhost:8444', new URL(lab.facts.authority).host], ['localhost:8445', new URL(lab.facts.page).host],
    ['localhost:8993', lab.facts.imap], ['"localhost", 8993', `"localhost", ${lab.facts.imap.split(':')[1]}`], ['localhost:8587', lab.facts.smtp],
    ['http://localhost:8080/oauth/callback', 'http://localhost:8080/oauth/callback'], ['postroom lab --directory var/lab &', ''], ['var/lab', folder],
  ].reduce((text, [from, to]) => text.replaceAll(from, to), guide.split(`\`\`\`${language}\n`)[1].split('```')[0]);
  const shell = String(execFileSync('sh', ['-c', `set -e\n${example('sh')}\necho "TOKEN $TOKEN"`], { cwd: folder }));
  assert.match(shell, /Subject: Hello/, 'the mail that was sent comes back');
  writeFileSync(path.join(folder, 'example.py'), example('python'));
  const python = String(execFileSync('python3', ['example.py', shell.match(/TOKEN (\S+)/)[1]], { cwd: folder }));
  assert.match(python, /^2 mails\n.*User is authenticated but not connected[^\n]*\n2 mails again\n$/s);
});
