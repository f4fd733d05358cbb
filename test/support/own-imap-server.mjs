// An IMAP server of the test's own, over TLS on loopback, with one folder: any token is taken, and the passwords that the test says. A mail may
// end the connection in the middle of its literal, or take its time.
import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { serve } from './scratch.mjs';

const numbersIn = (set, all) => {
  const last = Math.max(0, ...all);
  const found = new Set();
  for (const part of set.split(',')) {
    const [from, to = from] = part.split(':').map((each) => (each === '*' ? last : Number(each)));
    for (const uid of all) if (uid >= Math.min(from, to) && uid <= Math.max(from, to)) found.add(uid);
  }
  return [...found].sort((a, b) => a - b);
};

/**
 * `mails` is a Map of UID to { raw, poisoned, delay, held (a promise), unlisted }; `takes(user, password)` says whether a password is right. The server counts its sign-ins
 * and connections, and how often each UID was asked for. `state.idle`: what it answers to IDLE, which it names then.
 * MOVE and EXPUNGE take mails out of the Map; `state.moved` has those that were moved. `state.strike(place, socket)` is called before a command is carried
 * out (`before NAME`), before its answer (`behind NAME`), and amid a mail (`amid FETCH`); where it says true, nothing more is done.
 */
export async function startOwnImapServer({ certificates, mails, takes = () => true }) {
  const sockets = new Set();
  const state = { signIns: 0, connections: 0, asked: new Map(), moved: [], strike: () => false, takes };
  const marked = new Set();
  const uids = () => [...mails.keys()].sort((a, b) => a - b);

  async function fetch(socket, tag, set, items) {
    const whole = items.includes('BODY.PEEK[]');
    for (const [at, uid] of uids().entries()) {
      if (!numbersIn(set, uids()).includes(uid) || !socket.writable) continue;
      const { raw, poisoned, delay, held } = mails.get(uid);
      const about = `UID ${uid} FLAGS () INTERNALDATE "22-Nov-2026 10:00:00 +0000" RFC822.SIZE ${raw.length}`;
      if (!whole) {
        socket.write(`* ${at + 1} FETCH (${about})\r\n`);
        continue;
      }
      state.asked.set(uid, (state.asked.get(uid) ?? 0) + 1);
      await held;
      if (state.strike('amid FETCH', socket, `* ${at + 1} FETCH (${about} BODY[] {${raw.length}}\r\n${raw.slice(0, raw.length / 2)}`)) return;
      if (delay) await new Promise((resolve) => setTimeout(resolve, delay));
      if (poisoned) {
        socket.write(`* ${at + 1} FETCH (${about} BODY[] {${raw.length}}\r\n${raw.slice(0, raw.length / 2)}`);
        socket.end();
        return;
      }
      socket.write(`* ${at + 1} FETCH (${about} BODY[] {${raw.length}}\r\n${raw})\r\n`);
    }
    if (!state.strike('behind FETCH', socket)) socket.write(`${tag} OK done\r\n`);
  }

  function change(name, set, line) {
    for (const uid of numbersIn(set, uids())) {
      if (name === 'STORE' && line.includes('\\Deleted')) marked.add(uid);
      if (name === 'MOVE') state.moved.push(mails.get(uid));
      if (name === 'MOVE' || (name === 'EXPUNGE' && marked.has(uid))) mails.delete(uid);
    }
  }

  function signIn(socket, tag, response) {
    state.signIns += 1;
    const [, user, password] = Buffer.from(response, 'base64').toString().split('\0');
    const right = password === undefined || state.takes(user, password);
    socket.write(right ? `${tag} OK signed in\r\n` : `${tag} NO [AUTHENTICATIONFAILED] Authentication failed.\r\n`);
  }

  async function answer(socket, line) {
    const [tag, first, second, ...rest] = line.split(' ');
    const name = (first === 'UID' ? second : first).toUpperCase();
    if (!socket.writable || state.strike(`before ${name}`, socket, '', tag)) return undefined;
    if (['STORE', 'MOVE', 'EXPUNGE'].includes(name)) change(name, rest[0], line);
    if (name !== 'FETCH' && state.strike(`behind ${name}`, socket)) return undefined;
    if (name === 'CAPABILITY') socket.write('* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 AUTH=PLAIN SASL-IR UIDPLUS MOVE' + (state.idle ? ' IDLE\r\n' : '\r\n'));
    if (name === 'AUTHENTICATE') return signIn(socket, tag, rest[0] ?? '');
    if (name === 'LIST') socket.write('* LIST (\\HasNoChildren) "/" INBOX\r\n');
    if (name === 'SELECT' || name === 'EXAMINE') {
      socket.write(`* FLAGS (\\Seen \\Deleted)\r\n* ${mails.size} EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n* OK [UIDNEXT ${Math.max(0, ...uids()) + 1}] next\r\n`);
    }
    if (name === 'SEARCH') {
      const set = rest.find((each) => /^[\d:*,]+$/.test(each));
      const without = rest.indexOf('NOT');
      const named = set === undefined ? uids() : numbersIn(set, uids());
      const found = (without < 0 ? named : uids().filter((uid) => !named.includes(uid))).filter((uid) => !mails.get(uid).unlisted);
      socket.write(`* SEARCH${found.map((uid) => ` ${uid}`).join('')}\r\n`);
    }
    if (name === 'IDLE') return socket.write(`${tag} ${state.idle}\r\n`);
    if (name === 'FETCH') return fetch(socket, tag, rest[0], line);
    socket.write(`${tag} OK done\r\n`);
    if (name === 'LOGOUT') socket.end();
    return undefined;
  }

  const server = tls.createServer({ cert: readFileSync(certificates.certificate), key: readFileSync(certificates.key) }, (socket) => {
    state.connections += 1;
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    let text = '';
    let before = Promise.resolve();
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      for (let end; (end = text.indexOf('\r\n')) >= 0; text = text.slice(end + 2)) {
        const line = text.slice(0, end);
        before = before.then(() => answer(socket, line));
      }
    });
    socket.write('* OK ready\r\n');
  });
  server.on('tlsClientError', () => {});
  /** Ends the sessions that there are. */
  state.drop = () => { for (const socket of sockets) socket.destroy(); };
  return Object.assign(state, await serve(server, sockets));
}
