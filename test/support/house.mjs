// Postroom itself and its lab as child processes, set up and asked as people do: by the commands and the API.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { request, walk } from './browser.mjs';
import { startPostgresql } from './postgresql.mjs';
import { freePort, patience, root, scratchFolder, start, stop, until } from './scratch.mjs';

/** The program: $POSTROOM, or what was built last for tests or for work. */
export const program = process.env.POSTROOM
  ?? ['asan', 'dev'].map((preset) => path.join(root, 'build', preset, 'postroom')).find(existsSync);

/** The same over a disk whose power can be cut (power-cut-main.cpp). */
export const powerCutProgram = path.join(path.dirname(program ?? ''), 'postroom-power-cut');

/** Those of this process that sanitizers listen to, and no setting that would change what is tested. */
const environment = { ...process.env, POSTROOM_SOCKET: '', ASAN_OPTIONS: process.env.ASAN_OPTIONS ?? 'detect_leaks=0' };

/** Begins a command that a test talks to while it runs. */
export const launch = (args) => start(program, args, { env: environment });

/** Runs a command to its end: its exit code and what it printed. */
export async function run(args, { cwd, input, limit = 60_000 } = {}) {
  const child = start(program, args, { cwd, env: environment, stdio: ['pipe', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (text) => { out += text; });
  child.stderr.on('data', (text) => { err += text; });
  child.stdin.on('error', () => {});
  child.stdin.end(input ?? '');
  const timer = setTimeout(() => child.kill('SIGKILL'), limit * patience);
  const closed = new Promise((resolve) => child.once('close', resolve));
  const { code, signal } = await child.ended;
  await closed;
  clearTimeout(timer);
  return { code: code ?? signal, out, err };
}

// For a person's browser there are names that nothing on this machine knows.
const onLoopback = (name, { all }, found) => (all ? found(null, [{ address: '127.0.0.1', family: 4 }]) : found(null, '127.0.0.1', 4));

/** The simulated tenant. `host` is its name, where it is not localhost; `proxy`: it is a proxy, too. */
export async function startLab({ tenant, host, proxy } = {}) {
  const { folder, remove } = scratchFolder('lab');
  const args = ['lab', '--directory', folder];
  for (const name of ['https', 'http', 'imap', 'pop3', 'smtp', 'inbound', ...(proxy ? ['proxy'] : [])]) args.push(`--${name}`, `127.0.0.1:${await freePort()}`);
  if (host) args.push('--host', host);
  if (tenant) {
    writeFileSync(path.join(folder, 'tenant.json'), JSON.stringify(tenant));
    args.push('--tenant-file', path.join(folder, 'tenant.json'));
  }
  const child = start(program, args, { env: environment });
  const factsFile = path.join(folder, 'facts.json');
  let facts;
  try {
    await until('the lab being there', () => child.exitCode !== null || (/Password/.test(child.output) && existsSync(factsFile)), { pause: 20 });
    assert.equal(child.exitCode, null, child.output);
    facts = JSON.parse(readFileSync(factsFile, 'utf8'));
  } catch (error) {
    await stop(child);
    remove();
    throw error;
  }
  const anchor = readFileSync(facts.anchor);
  const api = async (where, body, method = body === undefined ? 'GET' : 'POST') => {
    const raw = Buffer.isBuffer(body);
    const answer = await request(`${facts.page}lab/api/${where}`, {
      method,
      body: body === undefined || raw ? body : JSON.stringify(body),
      headers: body === undefined ? {} : { 'content-type': raw ? 'message/rfc822' : 'application/json' },
    });
    assert.ok(answer.status < 300, `${where}: ${answer.status} ${answer.bytes}`);
    return JSON.parse(answer.bytes);
  };
  return {
    name: 'lab',
    facts,
    anchor,
    api,
    /** For Dovecot: where the tokens of this tenant are looked up. */
    introspection: { url: `${facts.authority}/oauth2/v2.0/introspect`, anchor: facts.anchor, userAttribute: 'upn' },
    mail: (to, raw) => api(`mail?mailbox=${encodeURIComponent(to)}`, Buffer.from(raw)),
    folder: (address, name = 'INBOX') => api(`mailboxes/${encodeURIComponent(address)}/messages?folder=${encodeURIComponent(name)}`),
    /** Enters a device's code on the page for that. */
    enterCode: (url, code, user, password = facts.password) => {
      let entered = false;
      return walk(url, { ca: anchor, lookup: host && onLoopback, fill: () => {
        assert.ok(!entered, 'the page shows its form again');
        entered = true;
        return { otc: code, login: user, passwd: password, consent: 'accept' };
      } });
    },
    /** Signs in on the page that `url` shows, and follows the browser back to Postroom. */
    signIn: (url, user, password = facts.password) => walk(url, {
      ca: anchor,
      lookup: host && onLoopback,
      fill: (fields) => ('login' in fields ? { login: user, passwd: password } : { ...fields, consent: 'accept' }),
    }),
    log: () => child.output,
    stop: async () => { await stop(child); remove(); },
  };
}

/** Where stores are: STORE=postgresql puts them into servers of their own, otherwise they are SQLite files. */
const kind = process.env.STORE ?? 'sqlite';
assert.ok(['sqlite', 'postgresql'].includes(kind), `STORE is sqlite or postgresql, not ${kind}`);

/**
 * `postroom serve` over a store of its own, trusting `anchors` (files); `web` is the folder of the pages. `beside` is another server, over
 * PostgreSQL, whose store and vault key this one shares; `given` is a PostgreSQL server that somebody else ends; `by` are the words
 * that begin the program, `role` is which servers it is, and `variables` are added to its environment.
 */
export async function startServer({ anchors, configuration = '', web = 'web', store = kind, beside, given, by = [program], role, variables = {} }) {
  const { folder, remove } = scratchFolder('server');
  const database = beside?.database ?? given ?? (store === 'postgresql' ? await startPostgresql() : undefined);
  if (beside) copyFileSync(path.join(beside.folder, 'vault.key'), path.join(folder, 'vault.key'));
  const port = await freePort();
  const socket = path.join(folder, 'postroom.sock');
  const file = path.join(folder, 'postroom.toml');
  mkdirSync(path.join(folder, 'web'));
  writeFileSync(file, `
[store]
${database ? `url = "${database.url}"` : 'path = "store/postroom.db"'}
[console]
listen = "127.0.0.1:${port}"
socket = "postroom.sock"
web = ${JSON.stringify(web)}
[vault]
key-file = "vault.key"
[tls]
anchors = ${JSON.stringify(anchors)}
[transcripts]
directory = "transcripts"
${configuration}`);
  const server = {
    name: 'server',
    folder,
    file,
    port,
    socket,
    url: `http://localhost:${port}`,
    /** The PostgreSQL server, where there is one. */
    database,
    variables,
    child: undefined,
    earlier: '',
    log: () => server.earlier + (server.child?.output ?? ''),
    launch() {
      const [first, ...words] = [...by, 'serve', '--config', file];
      server.child = start(first, role ? [...words, '--role', role] : words, { cwd: folder, env: { ...environment, ...variables } });
    },
    /** Returns when it answers. */
    async begin({ limit = 30_000 } = {}) {
      server.launch();
      const { child } = server;
      await until('the server answering', async () => {
        if (child.exitCode !== null || child.signalCode !== null) return true;
        return (await request('/api/v1/version', { socketPath: socket })).status === 200;
      }, { limit, pause: 20 });
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}: ${child.output}`);
    },
    /** As a power cut does: nothing of it gets to say a word. */
    async kill(signal = 'SIGKILL') {
      server.child.kill(signal);
      await server.child.ended;
      server.keepLog();
    },
    async end() {
      await stop(server.child, 30_000);
      server.keepLog();
      return server.child.exitCode;
    },
    keepLog() {
      server.earlier = (server.earlier + server.child.output).slice(-400_000);
      server.child.output = '';
    },
    async stop() {
      if (server.child) await stop(server.child, 30_000);
      if (!beside && !given) await database?.stop();
      remove();
    },
    /** A command that must succeed; its JSON. */
    async command(...args) {
      const input = typeof args.at(-1) === 'object' ? args.pop().input : undefined;
      const ended = await run([...args, '--socket', socket, '--format', 'json'], { input });
      assert.equal(ended.code, 0, `postroom ${args.join(' ')}: ${ended.err}`);
      return JSON.parse(ended.out);
    },
    /** The API over the socket; its JSON, or its bytes where it is no JSON. */
    async api(where, body, method = body === undefined ? 'GET' : 'POST') {
      const answer = await request(`/api/v1/${where}`, {
        socketPath: socket, method, body: body === undefined ? undefined : JSON.stringify(body),
        headers: body === undefined ? {} : { 'content-type': 'application/json' },
      });
      assert.ok(answer.status < 300, `${method} ${where}: ${answer.status} ${answer.bytes}`);
      const json = /json/.test(answer.headers['content-type'] ?? '');
      return json ? JSON.parse(answer.bytes) : answer.bytes;
    },
    /** Every case with its activities, oldest first. */
    async cases() {
      const all = [];
      for (let after = '';;) {
        const page = await server.api(`cases?limit=200${after}`);
        for (const each of page.items) all.push(await server.api(`cases/${each.number}`));
        if (!page.next) return all.reverse();
        after = `&after=${page.next}`;
      }
    },
    caseAbout: (subject, options) => until(`a case about ${subject}`, async () => {
      const found = (await server.api('cases?limit=200')).items.find((each) => each.subject.includes(subject));
      return found && server.api(`cases/${found.number}`);
    }, options),
    async sent(id, options) {
      const mail = await until(`${id} being sent`, async () => {
        const now = await server.api(`outbound/${id}`);
        return ['sent', 'failed'].includes(now.state) && now;
      }, options);
      assert.equal(mail.state, 'sent', mail.reason);
      return mail;
    },
    mailbox: async (address) => (await server.api('mailboxes')).items.find((each) => each.address === address),
    idle: (address, options) => until(`${address} being idle`, async () => (await server.mailbox(address)).state === 'idle', options),
  };
  try {
    await server.begin();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

/** By the commands: settings, a department, the identity application. */
export async function setUp(server, { authority, clientId, clientSecret, scopes = [] }) {
  await server.command('settings', 'set', 'external-url', server.url);
  await server.command('department', 'add', 'Customer care');
  await server.command('application', 'add', 'provider', '--authority', authority, '--client-id', clientId,
    '--client-secret-file', '-', ...scopes.flatMap((each) => ['--scope', each]), { input: `${clientSecret}\n` });
}

/** An account that opens its own mailbox, over POP3 where `pop3` is given; not yet authorized. */
export async function addAccount(server, { user, imap, pop3, smtp, baseline = 'all', after = 'move' }) {
  const name = user.split('@')[0];
  const retrieval = pop3 ? ['--retrieval', 'pop3', '--pop3-host', pop3] : ['--imap-host', imap];
  await server.command('account', 'add', name, '--department', 'Customer care', '--application', 'provider',
    '--user', user, ...retrieval, '--smtp-host', smtp);
  await server.command('mailbox', 'add', user, '--account', name, '--baseline', baseline, '--after', after,
    ...(after === 'delete' ? ['--confirm-deletion'] : []));
  return name;
}

/** Begins to obtain a grant, by the API. */
export const beginAuthorization = (server, name, asked = { flow: 'code' }) => server.api(`accounts/${name}/authorizations`, asked);

/** What became of it, once it was tried. */
export const settled = (server, id, options) => until(`authorization ${id} having ended`, async () => {
  const now = await server.api(`authorizations/${id}`);
  return ['accepted', 'refused'].includes(now.state) && now;
}, options);

/** Through the real code flow; `signIn(url, user)` is what the person does in the browser. Resolves with the outcome. */
export async function authorize(server, name, user, signIn) {
  const begun = await beginAuthorization(server, name);
  const page = await signIn(begun.url, user);
  return { ...await settled(server, begun.id), page };
}

/**
 * One test with things that it starts (`keep`): they end with it, in the reverse order, however it ends; what they logged is shown where
 * it failed.
 */
export function scenario(name, { limit: quiet = 60_000 } = {}, body) {
  const limit = quiet * patience;
  test(name, { timeout: limit + 60_000 * patience }, async (t) => {
    const kept = [];
    const keep = async (thing) => {
      const kind = await thing;
      kept.unshift(kind);
      return kind;
    };
    let timer;
    const late = new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`not done within ${limit} ms`)), limit);
    });
    try {
      await Promise.race([body({ keep, t }), late]);
      for (const each of kept)
        if (each.log) assert.doesNotMatch(each.log(), /(Address|Leak|Thread)Sanitizer|runtime error:/, `a sanitizer speaks in ${each.name}`);
    } catch (error) {
      for (const each of kept)
        if (each.log) console.log(`--- the end of the log of ${each.name ?? 'a server'}\n${each.log().slice(-6_000)}`);
      throw error;
    } finally {
      clearTimeout(timer);
      const troubles = [];
      for (const each of kept) await Promise.resolve().then(() => each.stop()).catch((error) => troubles.push(error));
      if (troubles.length > 0) console.log(`# what ended badly: ${troubles.map((each) => each.stack).join('\n')}`);
    }
  });
}
