// What comes back to the redirect URL: with a wrong, an old or a used state, with an error, without a code, or with nonsense, it gets a page
// that says what happened and what to do, and leaves an entry in the audit trail. Of two who authorize one account, the later one wins.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { plain, request, walk } from '../support/browser.mjs';
import { addAccount, authorize, beginAuthorization, scenario, settled, setUp, startLab, startServer } from '../support/house.mjs';
import { addPeople, signIn } from '../support/people.mjs';

const sales = 'sales@contoso.test';

async function house(keep) {
  const lab = await keep(startLab());
  const server = await keep(startServer({ anchors: [lab.facts.anchor] }));
  await setUp(server, { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  await addAccount(server, { user: sales, imap: lab.facts.imap, smtp: lab.facts.smtp });
  return { lab, server };
}

async function comeBack(server, query, headers = {}) {
  const answer = await request(`${server.url}/oauth/callback${query}`, { headers });
  return { status: answer.status, text: answer.bytes.toString(), headers: answer.headers };
}

const audit = async (server, what) => (await server.api('audit?limit=1000')).items.filter((each) => each.what === what);
const stateOf = (begun) => new URL(begun.url).searchParams.get('state');

/** A page for a person: what happened, what to do, and nothing that runs. */
function assertPage(page, says, status = 400) {
  assert.equal(page.status, status, page.text);
  assert.match(page.headers['content-type'], /^text\/html/, page.text);
  assert.match(page.headers['content-security-policy'], /default-src 'none'|script-src/);
  assert.match(plain(page.text), says);
  assert.match(page.text, /To try again, begin anew: in <a href="\/">/);
  assert.doesNotMatch(page.text, /<script|<img/i);
}

scenario('a return that belongs to no sign-in: a page, and one entry in the audit trail, however often', {}, async ({ keep }) => {
  const { server } = await house(keep);
  for (const [query, says] of [
    ['?state=made-up&code=x', /not known here/],
    ['?state=%3Cscript%3Ealert(1)%3C%2Fscript%3E&code=x', /not known here/],
    ['?state=made-up&error=access_denied&error_description=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E', /not known here/],
    ['?code=x', /has no state; begin the sign-in again/],
    ['?state=a&state=b&code=x', /has state twice/],
    ['', /has no state; begin the sign-in again/],
    [`?state=${'x'.repeat(6_000)}&code=x`, /not known here/],
  ]) assertPage(await comeBack(server, query), says);
  for (const query of ['?state=%zz&code=x', '?state=%zz', '?state=x&code=100%']) assertPage(await comeBack(server, query), /can't be read/);
  // Anybody may come here with anything: a stranger must not fill the store.
  for (let each = 0; each < 50; ++each) await comeBack(server, `?state=made-up-${each}&code=x`);
  const stray = await audit(server, 'grant.stray-return');
  assert.equal(stray.length, 1, JSON.stringify(stray));
});

scenario('a return without a code, with an error, used or too old', {}, async ({ keep }) => {
  const { lab, server } = await house(keep);
  const refused = () => audit(server, 'grant.refuse');

  // No code, and two of them: it ends what was begun.
  for (const [rest, says] of [['', /has neither a code nor an error/], ['&code=', /has neither a code nor an error/], ['&code=a&code=b', /has code twice/]]) {
    const begun = await beginAuthorization(server, 'sales');
    assertPage(await comeBack(server, `?state=${encodeURIComponent(stateOf(begun))}${rest}`), says);
    assert.equal((await settled(server, begun.id)).state, 'refused');
  }
  assert.equal((await refused()).length, 3);

  // The provider's error, in its words, with what identifies it there; and no HTML of whoever wrote the link.
  const declined = await beginAuthorization(server, 'sales', { flow: 'code', consent: true });
  const page = await walk(declined.url, { ca: lab.anchor, fill: (fields) => ('login' in fields ? { login: sales, passwd: lab.facts.password } : { ...fields, consent: 'decline' }) });
  assert.equal(page.status, 400, page.text);
  assert.match(page.text, /access_denied: AADSTS65004/);
  const hostile = await beginAuthorization(server, 'sales');
  const description = 'AADSTS65001: Nobody <img src=x onerror=alert(1)> has consented. Trace ID: 11111111-2222 Correlation ID: 33333333-4444 Timestamp: 2026-11-22 10:00:00Z';
  const answer = await comeBack(server, `?${new URLSearchParams({ state: stateOf(hostile), error: 'invalid_grant', error_description: description })}`);
  assertPage(answer, /invalid_grant/);
  for (const word of ['AADSTS65001', '33333333-4444', '11111111-2222', '2026-11-22 10:00:00Z']) assert.ok(answer.text.includes(word), `${answer.text} does not say ${word}`);
  const outcome = await settled(server, hostile.id);
  // The likeliest cause, and what to do about it, in the reader's language.
  const [cause] = outcome.causes;
  for (const each of [cause.title, cause.meaning, cause.remedy]) assert.ok(plain(answer.text).includes(each), `${answer.text} does not say ${each}`);
  const dutch = plain((await comeBack(server, `?state=${stateOf(hostile)}&code=x`, { 'accept-language': 'nl' })).text);
  assert.match(dutch, /AADSTS65001/);
  assert.ok(!dutch.includes(cause.remedy), dutch);

  // Used: the page says so, the grant stays, and the trail has it once.
  const accepted = await authorize(server, 'sales', sales, lab.signIn);
  assert.equal(accepted.state, 'accepted', accepted.reason);
  const { grant } = await server.api('accounts/sales');
  for (let again = 0; again < 3; ++again) assertPage(await comeBack(server, new URL(accepted.page.url).search), /used already|each works once/);
  assert.deepEqual((await server.api('accounts/sales')).grant, grant);
  const repeated = (await audit(server, 'grant.return-again')).filter(({ detail }) => detail.link === accepted.id);
  assert.equal(repeated.length, 1, JSON.stringify(repeated));
  assert.equal(repeated[0].on, 'sales');

  // Too old: as if it had been begun long ago.
  const old = await beginAuthorization(server, 'sales');
  await server.end();
  execFileSync('sqlite3', [path.join(server.folder, 'store/postroom.db'), "UPDATE account_authorization SET begun = begun - 3600000, ends = ends - 3600000 WHERE outcome = 'waiting'"]);
  await server.begin();
  const late = await lab.signIn(old.url, sales);
  assert.equal(late.status, 400, late.text);
  assert.match(late.text, /nobody came back from the provider by 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC/);
  assert.equal((await settled(server, old.id)).state, 'refused');
  assert.deepEqual((await server.api('accounts/sales')).grant, grant, 'what the account had stays');
});

scenario('two administrators authorize one account at once: the later one wins, and the other is told by whom', {}, async ({ keep }) => {
  const { lab, server } = await house(keep);
  await addPeople(server);
  const begin = async (user) => {
    const answer = await request(`${server.url}/api/v1/accounts/sales/authorizations`, {
      method: 'POST', headers: { ...await signIn(server, user), 'content-type': 'application/json' }, body: '{"flow":"code"}',
    });
    assert.equal(answer.status, 201, `${answer.bytes}`);
    return JSON.parse(answer.bytes);
  };
  const first = await begin('system-administrator');
  const second = await begin('department-administrator');
  const told = /department-administrator began another authorization of the account at 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC/;
  const early = await settled(server, first.id);
  assert.equal(early.state, 'refused');
  assert.match(early.reason, told);

  // Whichever comes back first.
  const [late, won] = await Promise.all([lab.signIn(first.url, sales), lab.signIn(second.url, sales)]);
  assert.equal(late.status, 400);
  assert.match(late.text, told);
  assert.equal(won.status, 200, won.text);
  assert.equal((await settled(server, second.id)).state, 'accepted');
  assert.equal((await server.api('accounts/sales')).state, 'ready');
  const entries = await audit(server, 'grant.refuse');
  assert.ok(entries.some((each) => each.who === 'system-administrator' && told.test(each.detail.words)), JSON.stringify(entries));
  assert.equal((await audit(server, 'grant.accept')).length, 1);

  // By another flow, too: a device's code that somebody enters too late.
  const device = await beginAuthorization(server, 'sales', { flow: 'device' });
  const third = await begin('department-administrator');
  await lab.enterCode(device.verification_url, device.user_code, sales);
  assert.match((await settled(server, device.id)).reason, told);
  assert.equal((await lab.signIn(third.url, sales)).status, 200);
  assert.equal((await settled(server, third.id)).state, 'accepted');
});
