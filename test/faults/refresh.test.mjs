// A server is killed at random instants around a renewal. A provider that takes a refresh token once may have handed out the next one, and
// nobody stored it: then the account says so. Otherwise it goes on as if nothing had been. Never does it lose a grant in silence.
//
// ROUNDS=n is how often it is killed with each provider (12), SEED=n makes the choices of an earlier run.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { makeCertificates } from '../support/certificates.mjs';
import { seeded } from '../support/faults/choices.mjs';
import { addAccount, authorize, scenario, setUp, startLab, startServer } from '../support/house.mjs';
import { startOpenIdProvider } from '../support/openid-provider.mjs';
import { delay, freePort, scratchFolder, until } from '../support/scratch.mjs';

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
const rounds = Number(process.env.ROUNDS ?? 12);
const user = 'sales@contoso.test';

// The access token has ended: the refresher renews it as soon as the server runs.
function endToken(server) {
  execFileSync('sqlite3', [path.join(server.folder, 'store/postroom.db'), `.timeout 10000`, `UPDATE account_grant SET access_token_ends = ${Date.now()}`]);
}

async function house(keep, server, { provider, signIn }) {
  await setUp(server, provider);
  const closed = `localhost:${await freePort()}`;
  const name = await addAccount(server, { user, imap: closed, smtp: closed });
  const outcome = await authorize(server, name, user, signIn);
  assert.equal(outcome.state, 'accepted', outcome.reason);
  return name;
}

/** `instant` resolves when the server is to be killed. */
async function killOften({ t, server, name, signIn, instant }) {
  const counted = { renewed: 0, told: 0 };
  for (let round = 0; round < rounds; round += 1) {
    await server.end();
    endToken(server);
    server.launch();
    await instant(server);
    await server.kill();

    // Whatever was stored, the token has ended again: now it shows whether the refresh token that is stored still works.
    endToken(server);
    const version = grantOf(server).version;
    await server.begin();
    const account = await until('the renewal, or why there is none', async () => {
      const now = await server.api(`accounts/${name}`);
      return (grantOf(server).version > version || now.state === 'needs-authorization') && now;
    });
    if (account.state === 'ready') {
      counted.renewed += 1;
      continue;
    }
    assert.equal(account.state, 'needs-authorization');
    assert.match(account.state_reason, /a renewal at [-0-9]+ [:0-9]+ UTC got no answer that could be stored; the provider may have invalidated the refresh token/);
    assert.match(JSON.stringify(await server.api('alarms')), /got no answer that could be stored/);
    counted.told += 1;
    const outcome = await authorize(server, name, user, signIn);
    assert.equal(outcome.state, 'accepted', outcome.reason);
  }
  const windows = [...server.log().matchAll(/renewed, ([\d.]+) ms/g)].map(([, ms]) => Number(ms)).sort((a, b) => a - b);
  t.diagnostic(`${rounds} kills: renewed ${counted.renewed}, told that an answer was lost ${counted.told}; SEED=${seed}`);
  t.diagnostic(`from asking until the answer is stored: median ${windows[windows.length >> 1]} ms, longest ${windows.at(-1)} ms, of ${windows.length}`);
  assert.equal(counted.renewed + counted.told, rounds);
  return counted;
}

function grantOf(server) {
  const [row] = JSON.parse(execFileSync('sqlite3', ['-readonly', '-json', path.join(server.folder, 'store/postroom.db'), '.timeout 10000', 'SELECT version FROM account_grant'], { encoding: 'utf8' }));
  return row;
}

const log = '[log]\nlevel = "debug"\n';

scenario('killed around a renewal, with a provider that takes a refresh token once: it works, or says what was lost', { limit: 60_000 + rounds * 15_000 }, async ({ keep, t }) => {
  const its = seeded(seed)('instants');
  const { folder, remove } = scratchFolder('certificates');
  await keep({ stop: remove });
  const certificates = makeCertificates(folder);
  const server = await keep(startServer({ anchors: [certificates.anchor], store: 'sqlite', configuration: log }));
  let asked = () => {};
  const provider = await keep(startOpenIdProvider({
    certificates, redirectUrl: `${server.url}/oauth/callback`, once: true, watch: (request) => { if (request.method === 'POST' && request.url === '/token') asked(); },
  }));
  const name = await house(keep, server, { provider, signIn: provider.signIn });
  const asking = async () => {
    await new Promise((resolve) => { asked = resolve; });
    asked = () => {};
  };
  // Its work takes some milliseconds, and the commit of the answer some more: on a busy machine, many. So it is measured, undisturbed.
  await server.end();
  endToken(server);
  const { version } = grantOf(server);
  server.launch();
  await asking();
  const began = Date.now();
  await until('the renewal', () => grantOf(server).version > version, { pause: 1 });
  const whole = Math.max(40, Date.now() - began);
  t.diagnostic(`killed within ${Math.round(whole)} ms of being asked`);
  const instant = async () => {
    await asking();
    await delay(its.fraction() * whole);
  };
  const counted = await killOften({ t, server, name, signIn: provider.signIn, instant });
  assert.ok(rounds < 12 || counted.renewed > 0, 'not even once was it stored in time');
});

scenario('killed around a renewal, with a provider that takes the old refresh token for a while: it always goes on', { limit: 60_000 + rounds * 15_000 }, async ({ keep, t }) => {
  const its = seeded(seed)('instants');
  const lab = await keep(startLab());
  const server = await keep(startServer({ anchors: [lab.facts.anchor], store: 'sqlite', configuration: log }));
  const provider = { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret };
  const name = await house(keep, server, { provider, signIn: lab.signIn });
  const renewals = async () => (await lab.api('counters')).refreshes;
  const instant = async () => {
    const before = await renewals();
    await until('a renewal', async () => await renewals() > before, { pause: 1 });
    await delay(its.between(0, 10));
  };
  const counted = await killOften({ t, server, name, signIn: lab.signIn, instant });
  assert.equal(counted.told, 0);
});
