// Users of every role, signed in over TCP as a browser is, and access tokens.
import assert from 'node:assert/strict';
import { request } from './browser.mjs';

export const roles = ['system-administrator', 'department-administrator', 'agent', 'auditor'];
export const password = 'correct horse battery';

/** Signs in; returns the headers that a page of this session sends with every request. */
export async function signIn(server, name) {
  const answer = await request(`${server.url}/api/v1/session`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ name, password }),
  });
  assert.equal(answer.status, 200, `${name}: ${answer.bytes}`);
  const cookie = answer.headers['set-cookie'].map((each) => each.split(';')[0]).join('; ');
  return { cookie, 'x-postroom-csrf': JSON.parse(answer.bytes).csrf };
}

/** A user of each role, named after it, in the department that there is. */
export async function addPeople(server) {
  for (const role of roles) await server.api('users', { name: role, password, role });
}

/** The headers of an access token of this user with these scopes. */
export async function tokenOf(server, user, scopes) {
  const made = await server.api('tokens', { name: `for ${scopes.join(' ')}`, scopes, user });
  return { authorization: `Bearer ${made.secret}` };
}
