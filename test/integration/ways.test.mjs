// The table of ways in which an item of the check list fails (`postroom lab faults`), walked: each is broken, and exactly that item fails,
// with that cause, whatever else hangs on it; it is mended, and holds again. Then pairs of them at once: both are found, or the second
// could not be told because of the first. PAIRS=all takes all of them, SEED another choice of fifty, WAY only some rows.
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
};
const languages = ['en', 'fr', 'nl', 'pt-BR', 'ar'];

async function furnish(keep) {
  const lab = await keep(startLab());
  const server = await keep(startServer({ anchors: [lab.facts.anchor], store: 'sqlite' }));
  const { client_id: clientId, client_secret: clientSecret, authority, password, imap, pop3, smtp } = lab.facts;
  await setUp(server, { authority, clientId, clientSecret });
  const principal = (await lab.api('applications'))[0].enterprise_object_id;
  await lab.api('applications', {
    client_id: clientId, redirect_uris: [`${server.url}/oauth/callback`], app_roles: ['IMAP.AccessAsApp', 'SMTP.SendAsApp'], service_principal: principal,
  });
  for (const upn of [of('orders'), of('answers')]) await lab.api('users', { upn, password });
  await lab.api('mailboxes', { address: of('shared'), full_access: [of('support')], send_as: [of('support')] });
  await lab.api('mailboxes', { address: of('desk'), full_access: [principal], send_as: [principal] });
  for (const name of ['sales', 'orders']) await addAccount(server, { user: of(name), imap, smtp, after: 'leave' });
  await addAccount(server, { user: of('answers'), pop3, smtp, after: 'leave' });
  const sharing = ['--department', 'Customer care', '--application', 'provider', '--kind', 'shared', '--imap-host', imap, '--smtp-host', smtp];
  await server.command('account', 'add', 'team', '--user', of('support'), ...sharing);
  await server.command('account', 'add', 'own', '--access', 'application', ...sharing);
  for (const name of ['team', 'own']) await server.command('mailbox', 'add', accounts[name].mailbox, '--account', name, '--after', 'leave');
  await server.command('settings', 'set', 'check-round-trip', '3s');
  await server.command('settings', 'set', 'alarm-recipients', 'people@customer.example');
  await server.api('alarm-routes', { account: 'orders' });
  await addPeople(server);
  const house = { lab, server, authorize: async (name) => {
    const { user } = accounts[name];
    const ended = user ? await authorize(server, name, user, lab.signIn)
      : await settled(server, (await beginAuthorization(server, name, { flow: 'application' })).id);
    assert.equal(ended.state, 'accepted', ended.reason);
  } };
  for (const name of Object.keys(accounts)) await house.authorize(name);
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
function hands({ lab, server }) {
  const store = (sql) => String(execFileSync('sqlite3', ['-cmd', '.timeout 20000', path.join(server.folder, 'store/postroom.db'), sql])).trim();
  const setting = (sql, back) => ({ breakIt: async () => store(sql), mend: async () => store(back) });
  const mail = async (text) => {
    await lab.mail(of('sales'), `From: ada@customer.example\r\nTo: ${of('sales')}\r\nSubject: Meeting ${text.length}\r\nMessage-ID: <${Date.now()}@customer.example>\r\n${text}`);
    await server.caseAbout(`Meeting ${text.length}`);
  };
  let session;
  let key;
  let route;
  const elsewhere = { url: server.url.replace('localhost', '127.0.0.1') };
  return {
    'minimum-version/another-schema': setting('INSERT INTO schema_migration (version, name, applied) SELECT 999, name, applied FROM schema_migration LIMIT 1',
      'DELETE FROM schema_migration WHERE version = 999'),
    'client-credential/ends-soon': setting(`UPDATE credential SET ends = ${Date.now() + 864_000_000}`, 'UPDATE credential SET ends = NULL'),
    'grant-owner/somebody-else': setting(`UPDATE account_grant SET user_name = '${of('alex')}' WHERE user_name = '${of('sales')}'`,
      `UPDATE account_grant SET user_name = '${of('sales')}' WHERE user_name = '${of('alex')}'`),
    'own-links/another-vault-key': {
      breakIt: async () => { key = store('SELECT hex(sealed_value) FROM credential'); store(`UPDATE credential SET sealed_value = x'${key.slice(0, -8)}00000000'`); },
      mend: async () => store(`UPDATE credential SET sealed_value = x'${key}'`),
    },
    'external-url-login/elsewhere': {
      breakIt: async () => { session = await signIn(elsewhere, 'agent'); },
      mend: async () => { await request(`${elsewhere.url}/api/v1/session`, { method: 'DELETE', headers: session }); },
    },
    'calendar-retrieval/link': {
      breakIt: () => mail('\r\nhttps://outlook.office365.com/owa/?ItemID=AAMk&exvsurl=1&viewmodel=ReadMessageItem\r\n'),
      mend: () => mail('MIME-Version: 1.0\r\nContent-Type: text/calendar; charset=utf-8; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:a\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20261122T100000Z\r\nDTSTART:20261123T100000Z\r\nSUMMARY:Meeting\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n'),
    },
    'alarm-notification/no-route': {
      breakIt: async () => { [route] = (await server.api('alarm-routes')).items; await server.api(`alarm-routes/${route.id}`, undefined, 'DELETE'); },
      mend: () => server.api('alarm-routes', { account: 'orders' }),
    },
  };
}

/** How a way is broken and mended, for a mailbox or for everybody. */
function switches(house, way, account) {
  const { lab, server } = house;
  const mailbox = has(way, 'everybody') ? '' : accounts[account].mailbox;
  if (way.by === 'hand') {
    assert.ok(house.hands[way.way], `${way.way} is broken by hand, and there is no hand for it here`);
    return house.hands[way.way];
  }
  if (way.by === 'lab') return {
    breakIt: () => lab.api('ways', { way: way.way, mailbox }),
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
  : has(way, 'application') ? account === 'own' : ['sales', 'orders'].includes(account));
// What is wrong with console and provider is so whichever account it is.
const touches = (way, account) => concerns(way, account)
  || (/^(external-url|port-443|url-login|clock|application-exists|redirect-url|authority.another)/.test(way.way));
// These send mail about other things than the way, and wait for it: they are looked at where they are meant.
const slow = ['round-trip', 'sent-copy', 'alarm-notification'];
const itemsFor = (house, ...ways) => house.items.filter((each) => !slow.includes(each) || ways.some((way) => way.item === each));

async function mendAll(house, account, ...ways) {
  for (const way of ways) await switches(house, way, account).mend();
  if (ways.some((way) => has(way, 'grant'))) await house.authorize(account);
  // What an application got for itself ends with its authority.
  if (ways.some((way) => way.way === 'authority/common')) await house.authorize('own');
  // What was found holds again. A provider that asked to wait is let alone for so long.
  const items = ways.flatMap((way) => [way.item, ...(way.among ? ['inbound-enabled'] : [])]);
  await until(`${ways.map((each) => each.way).join(', ')} being mended`, async () => {
    const { findings } = await look(house, account, items);
    const left = inShort([...wrong(findings), ...untold(findings)]);
    return left === '' || Promise.reject(new Error(left));
  }, { limit: 20_000 });
}

const outcomeOf = (way) => (has(way, 'warns') ? 'warns' : 'fails');

async function walkOne(house, way, account) {
  await switches(house, way, account).breakIt();
  // An account that was added for it is looked at instead.
  const { findings, said } = await look(house, way.adds ? way.members.name : account, itemsFor(house, way));
  const found = wrong(findings);
  const told = `${way.way}:\n${inShort(found)}\nnot told:\n${inShort(untold(findings))}`;
  const item = way.among ? 'inbound-enabled' : way.item;
  const always = way.cause === 'external-url-not-https';
  assert.deepEqual((always ? findings.filter((each) => each.cause === way.cause) : found).map((each) => [each.item, each.outcome, each.cause]),
    [[item, outcomeOf(way), way.cause]], told);
  for (const language of languages) {
    const there = (await said(language)).findings.find((each) => each.item === item && each.cause === way.cause);
    for (const member of ['must', 'title', 'evidence', 'remedy', 'whose', 'owner']) assert.ok(there[member], `${way.way}: no ${member} in ${language}`);
  }
  if (way.among) assert.match(found[0].evidence, new RegExp(way.among), told);
  await mendAll(house, account, way);
}

/** All of them one behind the other, those of different accounts side by side. Collects what went wrong. */
async function inLanes(house, work, carryOut) {
  const troubles = [];
  const one = async ({ account, ways }) => {
    try {
      await carryOut(account, ways);
    } catch (error) {
      troubles.push(error.message);
      for (const way of ways) await Promise.resolve(switches(house, way, account).mend()).catch(() => {});
      await house.authorize(account).catch(() => {});
    }
  };
  const lane = async (list) => { for (const each of list) await one(each); };
  const ofAll = (each) => each.ways.some((way) => has(way, 'everybody') || way.by === 'hand');
  await Promise.all(Object.keys(accounts).map((name) => lane(work.filter((each) => each.account === name && !ofAll(each)))));
  await lane(work.filter(ofAll));
  assert.equal(troubles.join('\n---\n'), '');
}

/** All holds for everybody; what waits for mail is looked at once. */
const allHolds = (house) => Promise.all(Object.keys(accounts).map(async (name, i) => {
  const { findings } = await look(house, name, i === 0 ? undefined : itemsFor(house));
  assert.equal(inShort([...wrong(findings), ...untold(findings)]), '', name);
}));

// Two that change the same thing can't both be broken; nor is anything at the External URL that the lab has closed, nor a host with one
// port left whose name is misspelt for the other one.
const spoil = [['external-url/elsewhere', 'port-443/closed'], ['dns/name-not-resolved', 'port-587/closed']];
const collide = (a, b) => {
  if (spoil.some((each) => each.includes(a.way) && each.includes(b.way))) return true;
  const touched = (way) => (way.by === 'lab' && way.change !== 'fault' ? Object.keys(way.members).map((each) => `${way.change} ${each}`)
    : way.change === 'fault' ? [way.fault] : way.by === 'postroom' && !way.adds ? [way.path] : [way.way]);
  return touched(a).some((each) => touched(b).includes(each));
};

/** The same numbers for the same seed (a linear congruential generator). */
const randomFrom = (seed) => {
  let state = seed >>> 0;
  return (most) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
};

// A host of which all ports are closed does not answer at all: that is one thing, and an item of its own.
const isClosedHost = (a, b) => [a, b].every((way) => /^port-(587|993|995)/.test(way.way));

async function pairOf(house, account, [a, b]) {
  for (const way of [a, b]) await switches(house, way, account).breakIt();
  const { findings } = await look(house, account, itemsFor(house, a, b));
  const found = wrong(findings);
  const told = `${a.way} and ${b.way} of ${account}:\n${inShort(found)}\nnot told:\n${inShort(untold(findings))}`;
  const itemOf = (way) => (way.among ? 'inbound-enabled' : way.item);
  const isOf = (each, way) => each.item === itemOf(way) && each.cause === way.cause;
  const closed = isClosedHost(a, b);
  assert.ok(found.length > 0 && found.every((each) => (closed ? each.item === 'url-office365' : isOf(each, a) || isOf(each, b))), told);
  if (!closed) for (const [way, other] of [[a, b], [b, a]]) {
    if (way.cause === 'external-url-not-https' || found.some((each) => isOf(each, way))) continue;
    const mine = findings.filter((each) => each.item === itemOf(way));
    // Of one item with two causes the first is told; what could not be told says which item stands in the way.
    const hidden = itemOf(way) === itemOf(other) ? mine.some((each) => isOf(each, other))
      : mine.some((each) => each.outcome === 'could-not-be-told'
        && (each.because !== '' || each.evidence.includes(itemOf(other)) || each.evidence.includes(other.cause)));
    assert.ok(hidden, `${way.way} was neither found nor could it not be told\n${told}`);
  }
  await mendAll(house, account, a, b);
}

scenario('every way in which an item fails is found, and nothing else is blamed; two at once, too', { limit: process.env.PAIRS ? 3_000_000 : 170_000 }, async ({ keep }) => {
  const house = await furnish(keep);
  house.hands = hands(house);
  const known = (await house.lab.api('ways')).known.filter((each) => new RegExp(process.env.WAY ?? '').test(each.way));
  await allHolds(house);
  const begun = Date.now();
  let turn = 0;
  await inLanes(house, known.map((way) => {
    const fitting = Object.keys(accounts).filter((name) => concerns(way, name));
    return { account: way.by === 'hand' ? fitting[0] : fitting[turn++ % fitting.length], ways: [way] };
  }), (account, [way]) => walkOne(house, way, account));
  const walked = Date.now();

  // What is broken by hand, or would send mail, goes by itself only.
  const able = known.filter((each) => each.by !== 'hand' && !slow.includes(each.item) && !each.adds && each.way !== 'external-url/not-https');
  const pairs = able.flatMap((a, i) => able.slice(i + 1).filter((b) => !collide(a, b))
    .map((b) => ({ account: Object.keys(accounts).find((name) => touches(a, name) && touches(b, name)), ways: [a, b] })))
    .filter((each) => each.account);
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  const random = randomFrom(seed);
  const chosen = process.env.PAIRS === 'all' ? pairs : Array.from({ length: Math.min(50, pairs.length) }, () => pairs.splice(random(pairs.length), 1)[0]);
  console.log(`SEED=${seed}: ${chosen.length} pairs`);
  await inLanes(house, chosen, (account, ways) => pairOf(house, account, ways));
  console.log(`${known.length} ways in ${walked - begun} ms, ${chosen.length} pairs in ${Date.now() - walked} ms`);

  await allHolds(house);
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
