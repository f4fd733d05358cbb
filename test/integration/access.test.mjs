// Role by endpoint: every operation of the contract, asked for by every role, by nobody, and by a token of each single scope. Each request is
// one that does no harm where it is let in: it names what is not there, or has a body that is wrong, and who may is judged before either.
import assert from 'node:assert/strict';
import http from 'node:http';
import { readContract, target } from '../support/contract.mjs';
import { scenario, setUp, startServer } from '../support/house.mjs';
import { addPeople, roles, signIn, tokenOf } from '../support/people.mjs';

const nowhere = {
  id: '01900000-0000-7000-8000-000000000000', name: 'of nobody', address: 'nobody@nowhere.test', number: 999_999_999, part: 1,
  delivery: '01900000-0000-7000-8000-000000000000', template: 'nothing', item: 'nothing',
};

/** The status alone: a stream of events has no end. */
function statusOf(url, { method, headers, body }) {
  return new Promise((resolve, reject) => {
    const sent = http.request(url, { method, headers, agent: false }, (answer) => {
      resolve(answer.statusCode);
      answer.destroy();
    });
    sent.setTimeout(120_000, () => sent.destroy(new Error(`${method} ${url} was not answered`)));
    sent.once('error', reject).end(body);
  });
}

scenario('each cell of docs/api-access.md', { limit: 180_000 }, async ({ keep, t }) => {
  const server = await keep(startServer({ anchors: [] }));
  await setUp(server, { authority: 'https://provider.test/tenant', clientId: 'a', clientSecret: 'b' });
  await addPeople(server);
  const contract = readContract((await server.api('openapi.yaml')).toString());
  const may = contract.document['x-roles'];
  const scopes = may['system-administrator'];
  assert.deepEqual(Object.keys(may).sort(), [...roles].sort());

  const ask = (operation, headers) => {
    const body = operation.body ? JSON.stringify({ 'no member has this name': true }) : undefined;
    const length = body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    return statusOf(server.url + target(operation, nowhere), { method: operation.method, headers: { ...length, ...headers }, body });
  };
  const wrong = [];
  let cells = 0;
  const cell = async (operation, who, headers, allowed, refusal) => {
    const status = await ask(operation, headers);
    ++cells;
    const right = allowed ? status !== 401 && status !== 403 : status === refusal;
    if (!right) wrong.push(`${operation.id} by ${who}: ${status}, and it should be ${allowed ? 'let in' : refusal}`);
    if (status >= 500) wrong.push(`${operation.id} by ${who}: ${status}`);
  };

  const people = new Map();
  for (const role of roles) people.set(role, await signIn(server, role));
  const tokens = new Map();
  for (const scope of scopes) tokens.set(scope, await tokenOf(server, 'system-administrator', [scope]));
  // Whoever signs out is asked for nothing more.
  const last = (operation) => operation.id === 'signOut';
  for (const operation of [...contract.operations].sort((a, b) => last(a) - last(b))) {
    const open = operation.access === 'anyone';
    assert.ok(open || scopes.includes(operation.access), `${operation.id}: ${operation.access}`);
    await cell(operation, 'nobody', {}, open, 401);
    for (const [role, headers] of people)
      await cell(operation, role, headers, open || may[role].includes(operation.access), 403);
    for (const [scope, headers] of tokens)
      await cell(operation, `a token for ${scope}`, headers, open || operation.access === scope, 403);
  }
  assert.deepEqual(wrong, []);
  assert.equal(cells, contract.operations.length * (1 + roles.length + scopes.length));
  t.diagnostic(`${cells} cells: ${contract.operations.length} operations by nobody, ${roles.length} roles and ${scopes.length} scopes`);
});
