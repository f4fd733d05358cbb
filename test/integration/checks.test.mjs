// `postroom check` against a lab in which all holds, and against one in which one thing at a time does not: exactly that item fails, with
// that cause, and nothing else is blamed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import YAML from 'yaml';
import { request } from '../support/browser.mjs';
import { addAccount, authorize, program, run, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { root, start, until } from '../support/scratch.mjs';

const sales = 'sales@contoso.test';
const answers = 'answers@contoso.test';
const terminals = '7c2d1f0a-5b34-4e8a-9f06-3d1e5a7b9c42';  // an application that needs no secret

/** A mailbox account over IMAP, and another over POP3. */
async function furnish(keep) {
  const lab = await keep(startLab());
  const server = await keep(startServer({ anchors: [lab.facts.anchor] }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  await lab.api('applications', { client_id: lab.facts.client_id, redirect_uris: [`${server.url}/oauth/callback`] });
  await lab.api('users', { upn: answers, name: 'Answers', password: lab.facts.password });
  await addAccount(server, { user: sales, imap: lab.facts.imap, smtp: lab.facts.smtp, after: 'leave' });
  await addAccount(server, { user: answers, pop3: lab.facts.pop3, smtp: lab.facts.smtp, after: 'leave' });
  for (const user of [sales, answers])
    assert.equal((await authorize(server, user.split('@')[0], user, lab.signIn)).state, 'accepted');
  return { lab, server };
}

// Whatever is printed here is what the published schema says: a validator that nobody here wrote says so.
const schema = JSON.parse(readFileSync(path.join(root, 'api/check-report.schema.json'), 'utf8'));
const valid = addFormats(new Ajv({ strict: true, strictTypes: false, allowUnionTypes: true, allErrors: true })).compile(schema);
const report = (text) => {
  const read = JSON.parse(text);
  assert.ok(valid(read), JSON.stringify(valid.errors));
  return read;
};
const check = async (server, ...more) => {
  const ended = await run(['check', '--send', ...more, '--socket', server.socket, '--format', 'json']);
  assert.ok([0, 1, 2].includes(ended.code), `${ended.code}: ${ended.err}`);
  return { ...ended, run: report(ended.out) };
};
const those = (run, outcome) => run.findings.filter((each) => each.outcome === outcome);
const inShort = (found) => found.map((each) => `${each.item} (${each.subject}): ${each.cause || each.because} ${each.evidence}`).join('\n');

/**
 * `postroom connect … --device-code`, to which somebody types AADSTS numbers: resolves once it shows its code, with what to open, how to type,
 * and its end. In a terminal of its own (`terminal`), or with pipes, where stdout is the report alone.
 */
async function withDeviceCode(lab, protocol, user, { terminal = false } = {}) {
  const scope = { imap: 'IMAP.AccessAsUser.All', pop3: 'POP.AccessAsUser.All', smtp: 'SMTP.Send' }[protocol];
  const words = ['connect', protocol, lab.facts[protocol], '--user', user, '--anchor', lab.facts.anchor, '--device-code', '--authority', lab.facts.authority,
    '--client-id', terminals, '--scope', `https://outlook.office.com/${scope}`, '--transcript', ...(terminal ? [] : ['--format', 'json'])];
  const child = terminal
    ? start('script', ['-qefc', [program, ...words].map((each) => `'${each}'`).join(' '), '/dev/null'], { stdio: ['pipe', 'pipe', 'pipe'] })
    : start(program, words, { stdio: ['pipe', 'pipe', 'pipe'] });
  let out = '';
  child.stdout.on('data', (text) => { out += text; });
  const said = await until(`${protocol} showing its code`, () => {
    assert.equal(child.exitCode, null, child.output);
    return /Open (https:\S+) and enter (\S+)/.exec(child.output);
  });
  return {
    enter: () => lab.enterCode(said[1], said[2], user),
    type: (text) => child.stdin.write(`${text}\n`),
    shows: (what) => until(`${protocol} showing ${what}`, () => what.test(child.output)),
    ended: new Promise((resolve) => child.once('close', (code) => resolve({ code, out, all: child.output }))),
  };
}

/** Makes the schedule's run due: the last one was long ago. Resolves with the run that the server asks for once it is up, when it is done. */
async function whenDue(server) {
  await server.end();
  const sql = "UPDATE check_run SET asker = 'schedule', begun = begun - 7 * 3600000";
  if (server.database) execFileSync('/usr/bin/psql', [server.database.url, '-qXAt', '-v', 'ON_ERROR_STOP=1', '-c', sql]);
  else execFileSync('sqlite3', ['-cmd', '.timeout 10000', path.join(server.folder, 'store/postroom.db'), sql]);
  const before = Date.now();
  await server.begin();
  return until('the schedule\'s run', async () => (await server.api('checks/runs')).items.find((each) => each.by === 'schedule' && each.state === 'done' && Date.parse(each.begun) >= before));
}
const checkFailed = async (server) => (await server.api('alarms')).items.filter((each) => each.cause === 'check-failed');

// What is switched on, about whom, and who fails for it, with which cause. All ways of all items: ways.test.mjs.
const faults = [
  { id: 'pop3-sign-in-refused', item: 'inbound-enabled', cause: 'pop3-off', subject: answers },
  { id: 'smtp-disabled-mailbox', item: 'smtp-enabled', cause: 'smtp-auth-off-mailbox', subject: sales },
  { id: 'refresh-inactive', item: 'grant-refresh', cause: 'AADSTS700082', subject: 'sales' },
];

scenario('the check list finds what is wrong, whatever it is, and blames nothing else', { limit: 110_000 }, async ({ keep }) => {
  const { lab, server } = await furnish(keep);

  // A provider asks for the next poll after 5 s: meanwhile the rest goes on.
  await lab.api('applications', { client_id: terminals, public_client: true, admin_consent: true });
  const devices = await Promise.all([withDeviceCode(lab, 'imap', sales), withDeviceCode(lab, 'smtp', sales), withDeviceCode(lab, 'pop3', answers, { terminal: true })]);
  for (const each of [devices[0], devices[2]]) {
    each.type('50020');
    await each.shows(/\(AADSTS50020\)/);
    await each.shows(/Still waiting for the code/);
  }
  devices[0].type('what is 999999999?');
  for (const each of devices) await each.enter();

  const healthy = await check(server);
  assert.equal(inShort(those(healthy.run, 'fails')), '');
  assert.equal(inShort(those(healthy.run, 'could-not-be-told')), '');
  // That the External URL is one of this machine only, and that nobody is written to about alarms.
  assert.deepEqual(those(healthy.run, 'warns').map((each) => each.cause).sort(), ['alarm-nobody-told', 'external-url-not-https']);
  assert.equal(healthy.code, 0);
  assert.ok(healthy.run.findings.length > 50, `${healthy.run.findings.length} findings`);

  // Alone, an item that tells by sending leaves no mail behind either, and one that does not sends none.
  const mails = async () => Promise.all(['INBOX', 'Sent Items'].map(async (each) => (await lab.folder(sales, each)).length));
  const before = await mails();
  const accepted = async () => Object.keys((await lab.api('counters')).accepted_by_message_id).length;
  const sent = await accepted();
  assert.deepEqual((await check(server, 'send-as', '--mailbox', sales)).run.findings.map((each) => each.outcome), ['holds']);
  assert.deepEqual(await mails(), before);
  const after = await accepted();
  assert.notEqual(after, sent);
  assert.equal((await check(server, 'outbound-smtp', '--mailbox', sales)).code, 0);
  assert.equal(await accepted(), after);
  // Nor does one whose answer was lost: whether it was taken is not known, so it is looked for.
  await lab.api('faults', { id: 'smtp-lost-after-accepting', scope: sales, times: 1 });
  assert.deepEqual((await check(server, 'send-as', '--mailbox', sales)).run.findings.map((each) => each.outcome), ['could-not-be-told']);
  await lab.api('faults?id=smtp-lost-after-accepting', undefined, 'DELETE');
  assert.notEqual(await accepted(), after);
  assert.deepEqual(await mails(), before);

  // The schema: printed, served beside the contract, and saying the same as that of what it says too. It refuses what is no report.
  assert.deepEqual(JSON.parse((await run(['check', '--format', 'json-schema'])).out), schema);
  assert.deepEqual(await server.api('check-report.schema.json'), schema);
  const { schemas } = YAML.parse((await server.api('openapi.yaml')).toString()).components;
  for (const name of ['CheckRun', 'Finding', 'RemedyCommand', 'Time'])
    assert.deepEqual(schema.$defs[name], JSON.parse(JSON.stringify(schemas[name]).replaceAll('#/components/schemas/', '#/$defs/')), name);
  for (const wrong of [{ ...healthy.run, more: 1 }, { ...healthy.run, findings: [{ ...healthy.run.findings[0], outcome: 'maybe' }] }, {}]) assert.equal(valid(wrong), false);
  assert.equal(report((await run(['check', '--product', 'ece', '--version', '12.5(1)', '--installed', 'ES3', '--format', 'json'])).out).outcome, 'holds');

  // The reports for other programs and people, of a few items.
  const html = await run(['check', 'dns', 'own-links', '--socket', server.socket, '--format', 'html']);
  assert.match(html.out, /^<!doctype html>[\s\S]*<\/html>\n$/);
  assert.doesNotMatch(html.out, /<script|src=|href=|url\(|https?:\/\/(?!localhost)/);
  const junit = await run(['check', 'dns', '--socket', server.socket, '--format', 'junit']);
  assert.match(junit.out, /<testsuite name="postroom check" tests="1" failures="0"/);
  assert.equal((await run(['check', 'no-such-item', '--socket', server.socket])).code, 4);
  assert.equal((await run(['check', '--format', 'nonsense'])).code, 4);
  assert.equal((await run(['check', '--socket', '/nowhere'])).code, 3);

  // With nothing stored: up to the sign-in without a token, and all the way with one; no token is shown.
  const anchored = ['--anchor', lab.facts.anchor, '--format', 'json'];
  const plain = JSON.parse((await run(['connect', 'smtp', lab.facts.smtp, ...anchored])).out);
  assert.deepEqual(plain.steps.map((each) => each.step), ['resolve', 'connect', 'greeting', 'ehlo', 'tls', 'capabilities']);
  const wrong = await run(['connect', 'imap', lab.facts.imap, ...anchored, '--user', sales, '--token-file', '-', '--transcript'], { input: 'eyJ-no-such-token\n' });
  assert.equal(wrong.code, 1);
  assert.equal(JSON.parse(wrong.out).steps.at(-1).came, 'NO AUTHENTICATE failed.');
  assert.match(wrong.err, /C: .*AUTHENTICATE XOAUTH2 \[secret/);
  assert.doesNotMatch(wrong.out + wrong.err, /eyJ-no-such-token/);
  const tokens = await lab.api('refresh-tokens', { users: [sales], client_id: lab.facts.client_id, scope: 'https://outlook.office.com/IMAP.AccessAsUser.All offline_access' });
  const issued = await request(`${lab.facts.authority}/oauth2/v2.0/token`, {
    method: 'POST', ca: lab.anchor, headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: tokens[sales], client_id: lab.facts.client_id, client_secret: lab.facts.client_secret }).toString(),
  });
  const right = await run(['connect', 'imap', lab.facts.imap, ...anchored, '--user', sales, '--token-file', '-'], { input: JSON.parse(issued.bytes).access_token });
  assert.equal(right.code, 0, right.out + right.err);
  const file = path.join(server.folder, 'token');
  writeFileSync(file, `${JSON.parse(issued.bytes).access_token}\n`, { mode: 0o600 });
  // The command reads nothing of what a loop around it reads.
  const printed = await run(['connect', 'imap', lab.facts.imap, ...anchored, '--user', sales, '--token-command', `cat; cat '${file}'`], { input: 'the next host\n' });
  assert.equal(printed.code, 0, printed.out + printed.err);

  // Those that wait for their codes: all the way, with what was said, and no token in it, not even as XOAUTH2 has it.
  const [imap, smtp, pop3] = await Promise.all(devices.map((each) => each.ended));
  for (const ended of [imap, smtp, pop3]) {
    assert.equal(ended.code, 0, ended.all);
    assert.match(ended.all, /C: .*AUTH(ENTICATE)? XOAUTH2 ?\[secret|C: \[secret/);
    assert.doesNotMatch(ended.all, /eyJ|dXNlcj0/);
  }
  for (const [ended, last] of [[imap, 'mailbox'], [smtp, 'sign-in']]) {
    const { steps } = JSON.parse(ended.out);
    assert.equal(steps.at(-1).step.replace(/^mail$/, 'mailbox'), last);
    assert.ok(steps.every((each) => each.held && each.took_ms >= 0));
    assert.match(steps.find((each) => each.step === 'tls').came, /TLSv1\.[23]; .*issued by .* from \d{4}.* to \d{4}/);
  }
  assert.match(imap.all, /999999999/);
  assert.match(pop3.all, /\+ sign-in +\d+ ms +AUTH XOAUTH2 as answers@contoso\.test[^]*All of it held\./);

  for (const fault of faults) {
    const users = [sales, answers].filter((each) => each === fault.subject || each.startsWith(`${fault.subject}@`));
    await lab.api('faults', { id: fault.id, value: fault.value, ...(users.length ? { scope: users[0] } : {}) });
    const broken = await check(server);
    const failing = those(broken.run, 'fails');
    assert.deepEqual(failing.map((each) => [each.item, each.subject, each.cause]), [[fault.item, fault.subject, fault.cause]],
      `${fault.id}: ${inShort(failing)}\nnot told: ${inShort(those(broken.run, 'could-not-be-told'))}`);
    assert.ok(failing[0].remedy && failing[0].owner && failing[0].evidence, fault.id);
    if (fault.id === 'smtp-disabled-mailbox') {
      assert.deepEqual(failing[0].commands.map((each) => [each.shell, each.text, each.undo]), [['exchange-online-powershell',
        `Set-CASMailbox -Identity '${sales}' -SmtpClientAuthenticationDisabled $false`,
        `Set-CASMailbox -Identity '${sales}' -SmtpClientAuthenticationDisabled $true`]]);
      for (const format of ['text', 'html', 'junit'])
        assert.match((await run(['check', 'smtp-enabled', '--mailbox', sales, '--socket', server.socket, '--format', format])).out,
          /Set-CASMailbox -Identity ('|&#39;|&apos;)sales@contoso\.test\1 -SmtpClientAuthenticationDisabled \$false/, format);
    }
    assert.equal(broken.code, 1);
    if (fault.item === 'grant-refresh') assert.ok(those(broken.run, 'could-not-be-told').some((each) => each.because === 'grant-refresh'));
    // The same as one page, as the console hands it out.
    const page = await request(`/api/v1/checks/runs/${broken.run.id}/report`, { socketPath: server.socket, headers: { 'accept-language': 'ar' } });
    assert.equal(page.headers['content-disposition'].split(';')[0], 'attachment');
    const html = page.bytes.toString();
    assert.match(html, /<html lang="ar" dir="rtl">[^]*@media print[^]*<section class="fails">[^]*<\/html>\n$/);
    assert.ok(html.includes(fault.subject) && html.includes('<dt>'));
    assert.doesNotMatch(html, /<script|<link|src=|href=|url\(|@import|eyJ|dXNlcj0/);
    await lab.api(`faults?id=${fault.id}`, undefined, 'DELETE');
    // A grant that was refused is tried again when its time has come, unless somebody authorizes the account anew.
    if (/^(client-secret|refresh)/.test(fault.id))
      for (const user of [sales, answers]) assert.equal((await authorize(server, user.split('@')[0], user, lab.signIn)).state, 'accepted');
  }

  const mended = await check(server);
  assert.equal(inShort(those(mended.run, 'fails')), '');
  assert.equal(mended.code, 0);

  // By itself, as often as the schedule says: what has turned to fails meanwhile raises an alarm, which ends once it has turned back.
  assert.deepEqual(mended.run.findings.map((each) => each.item).filter((each) => each === 'smtp-enabled'), ['smtp-enabled', 'smtp-enabled']);
  await lab.api('faults', { id: 'smtp-disabled-mailbox', scope: sales });
  const byItself = await whenDue(server);
  assert.deepEqual([byItself.items, byItself.account, byItself.mailbox], [[], '', '']);
  assert.deepEqual((await server.api(`findings?mailbox=${sales}&outcome=fails`)).items.map((each) => [each.item, each.cause]), [['smtp-enabled', 'smtp-auth-off-mailbox']]);
  const raised = await checkFailed(server);
  assert.deepEqual(raised.map((each) => each.subject), [sales]);
  assert.match(raised[0].words, /smtp-enabled/);
  await lab.api('faults?id=smtp-disabled-mailbox', undefined, 'DELETE');
  await whenDue(server);
  assert.deepEqual(await checkFailed(server), []);
  assert.deepEqual((await server.api(`findings/smtp-enabled/history?subject=${sales}&limit=3`)).items.map((each) => each.outcome), ['holds', 'fails', 'holds']);

  // Tokens begin and end by both clocks.
  await lab.api('clock', { advance_s: 400 });
  const late = await check(server, 'clock');
  assert.deepEqual(late.run.findings.map((each) => [each.item, each.outcome, each.cause]), [['clock', 'fails', 'clock-wrong']]);
});

scenario('each server looks at what must hold there, whichever was asked', { limit: 150_000 }, async ({ keep }) => {
  const lab = await keep(startLab());
  const application = await keep(startServer({ anchors: [lab.facts.anchor], store: 'postgresql', role: 'application' }));
  const services = await keep(startServer({ anchors: [lab.facts.anchor], beside: application, role: 'services' }));
  await setUp(application, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  await lab.api('applications', { client_id: lab.facts.client_id, redirect_uris: [`${application.url}/oauth/callback`] });
  await addAccount(application, { user: sales, imap: lab.facts.imap, smtp: lab.facts.smtp, after: 'leave' });
  assert.equal((await authorize(application, 'sales', sales, lab.signIn)).state, 'accepted');
  for (const asked of [application, services]) {
    const { code, run: { findings } } = await check(asked);
    assert.equal(code, 0, inShort(findings.filter((each) => each.outcome !== 'holds')));
    const at = (item) => findings.filter((each) => each.item === item).map((each) => each.server.endsWith(application.socket)).sort();
    assert.deepEqual(at('port-443'), [false, true]);
    assert.deepEqual(at('port-993'), [false]);
    assert.deepEqual(at('mailbox-access'), [false]);
    assert.deepEqual(at('redirect-url'), [true]);
  }

  // On one of them alone, asked of the other.
  const servers = (await application.api('servers')).items;
  assert.deepEqual(servers.map((each) => each.role).sort(), ['application', 'services']);
  const elsewhere = servers.find((each) => each.role === 'services').name;
  const there = await check(application, 'port-443', 'port-993', '--on', elsewhere);
  assert.deepEqual(there.run.findings.map((each) => [each.item, each.server, each.outcome]).sort(),
    [['port-443', elsewhere, 'holds'], ['port-993', elsewhere, 'holds']]);
  const nowhere = await run(['check', '--on', 'nobody', '--socket', application.socket]);
  assert.equal(nowhere.code, 4);
  assert.ok(nowhere.err.includes('nobody') && servers.every((each) => nowhere.err.includes(each.name)), nowhere.err);
  const wrong = await run(['check', 'redirect-url', '--on', elsewhere, '--socket', application.socket]);
  assert.match(wrong.err, /nothing of that has to hold on .*services/);

  // With the token that an account has, on the server that has tokens, whichever is asked. Nobody sees the token, and it goes nowhere else.
  const stored = async (protocol, ...more) => run(['connect', protocol, ...more, '--account', 'sales', '--socket', application.socket, '--format', 'json', '--transcript']);
  for (const [protocol, last] of [['imap', 'mailbox'], ['smtp', 'sign-in']]) {
    const held = await stored(protocol, '--mailbox', sales);
    assert.equal(held.code, 0, held.out + held.err);
    const talk = JSON.parse(held.out);
    assert.deepEqual([talk.on, talk.account, talk.user, talk.server], [elsewhere, 'sales', sales, lab.facts[protocol]]);
    assert.equal(talk.steps.at(-1).step.replace(/^mail$/, 'mailbox'), last);
    assert.match(held.err, /C: .*AUTH(ENTICATE)? XOAUTH2 ?\[secret|C: \[secret/);
    assert.doesNotMatch(held.out + held.err, /eyJ|dXNlcj0/);
  }
  const elsewhereHost = lab.facts.imap.replace(/:.*/, ':1');
  const astray = await stored('imap', elsewhereHost);
  assert.equal(astray.code, 1);
  assert.ok(astray.err.includes(`and ${elsewhereHost} is none of them`), astray.err);
  assert.match((await stored('imap', '--on', servers.find((each) => each.role === 'application').name)).err, /has no tokens/);
  assert.match((await stored('pop3')).err, /no server that speaks POP3/);
  assert.match((await stored('imap', '--mailbox', 'nobody@contoso.test')).err, /nobody@contoso\.test/);
  const noted = (await application.api('audit?limit=50')).items.filter((each) => each.what === 'connection.test' && each.detail.account === 'sales');
  assert.equal(noted.length, 2);

  const asked = ['--on', elsewhere, '--socket', application.socket];
  const plain = JSON.parse((await run(['connect', 'smtp', lab.facts.smtp, ...asked, '--format', 'json'])).out);
  assert.deepEqual(plain.steps.map((each) => each.step), ['resolve', 'connect', 'greeting', 'ehlo', 'tls', 'capabilities']);
  assert.equal(plain.on, elsewhere);
  const refused = await run(['connect', 'imap', lab.facts.imap, ...asked, '--user', sales, '--token-file', '-'], { input: 'eyJ-no-such-token\n' });
  assert.equal(refused.code, 1);
  assert.match(refused.out, /NO AUTHENTICATE failed\.[\s\S]*token-for-another-resource/);
  assert.doesNotMatch(refused.out + refused.err + application.log() + services.log(), /eyJ-no-such-token/);
});
