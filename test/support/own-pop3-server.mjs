// A POP3 server of the test's own, over TLS on loopback: any password is taken. What it holds, and by which ids, is the test's to say.
import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { serve } from './scratch.mjs';

/**
 * `mails` is an array of { id, raw }, in the server's order; what is deleted is taken out of it when QUIT is said. With `byPosition` each mail's
 * place is its id. It counts how often each mail was given, and the headers that were asked for. `state.strike(place, socket)`: as of own-imap-server.mjs.
 */
export async function startOwnPop3Server({ certificates, mails, byPosition = false, top = true }) {
  const sockets = new Set();
  const state = { mails, byPosition, asked: new Map(), headers: 0, strike: () => false };
  const stuffed = (raw) => `+OK\r\n${raw.replace(/^\./gm, '..')}.\r\n`;
  const idOf = (mail, at) => (state.byPosition ? at + 1 : mail.id);

  function begin(socket) {
    const there = [...state.mails];
    const marked = new Set();
    let signingIn = false;
    const list = (say) => `+OK\r\n${there.map((mail, at) => `${at + 1} ${say(mail, at)}\r\n`).join('')}.\r\n`;
    const verbs = {
      CAPA: () => `+OK\r\n${top ? 'TOP\r\n' : ''}UIDL\r\nSASL PLAIN\r\n.\r\n`,
      AUTH: () => { signingIn = true; return '+ \r\n'; },
      STAT: () => `+OK ${there.length} ${there.reduce((sum, { raw }) => sum + raw.length, 0)}\r\n`,
      UIDL: () => list(idOf),
      LIST: () => list(({ raw }) => raw.length),
      TOP: (mail) => { state.headers += 1; return top ? stuffed(mail.raw.split('\r\n\r\n')[0] + '\r\n\r\n') : '-ERR\r\n'; },
      RETR: (mail) => { state.asked.set(mail, (state.asked.get(mail) ?? 0) + 1); return stuffed(mail.raw); },
      DELE: (mail) => { marked.add(mail); return '+OK\r\n'; },
      RSET: () => { marked.clear(); return '+OK\r\n'; },
      NOOP: () => '+OK\r\n',
      QUIT: () => {
        for (const mail of marked) state.mails.splice(state.mails.indexOf(mail), 1);
        return '+OK bye\r\n';
      },
    };
    return (line) => {
      const [verb, number] = line.split(' ');
      if (signingIn) {
        signingIn = false;
        return socket.write('+OK signed in\r\n');
      }
      if (!socket.writable || state.strike(`before ${verb}`, socket)) return undefined;
      const text = verbs[verb]?.(there[Number(number) - 1]) ?? '-ERR\r\n';
      if (state.strike(`behind ${verb}`, socket)) return undefined;
      if (text.length > 10 && state.strike(`amid ${verb}`, socket, text.slice(0, text.length / 2))) return undefined;
      socket.write(text);
      return verb === 'QUIT' && socket.end();
    };
  }

  const server = tls.createServer({ cert: readFileSync(certificates.certificate), key: readFileSync(certificates.key) }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    const answer = begin(socket);
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      for (let end; (end = text.indexOf('\r\n')) >= 0; text = text.slice(end + 2)) answer(text.slice(0, end));
    });
    socket.write('+OK ready\r\n');
  });
  server.on('tlsClientError', () => {});
  /** Ends the sessions that there are. */
  state.drop = () => { for (const socket of sockets) socket.destroy(); };
  return Object.assign(state, await serve(server, sockets));
}
