// As much of an IMAP server as it takes to be a bad one: TLS on loopback, and an answer of the test's choice where it matters.
import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { serve } from './scratch.mjs';

const answers = {
  greeting: (socket) => socket.write('* OK ready\r\n'),
  CAPABILITY: (socket, tag) => socket.write(`* CAPABILITY IMAP4rev1 AUTH=XOAUTH2 SASL-IR UIDPLUS\r\n${tag} OK done\r\n`),
  AUTHENTICATE: (socket, tag) => socket.write(`${tag} OK signed in\r\n`),
  SELECT: (socket, tag) => socket.write(`* FLAGS (\\Seen)\r\n* 1 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n${tag} OK [READ-WRITE] done\r\n`),
  SEARCH: (socket, tag) => socket.write(`* SEARCH 1\r\n${tag} OK done\r\n`),
  other: (socket, tag) => socket.write(`${tag} OK done\r\n`),
};

/** `bad` replaces answers: by "greeting", or by the command's name. */
export async function startBadImapServer({ certificates, bad }) {
  const sockets = new Set();
  const answer = (name, socket, tag) => (bad[name] ?? answers[name] ?? answers.other)(socket, tag);
  const server = tls.createServer({ cert: readFileSync(certificates.certificate), key: readFileSync(certificates.key) }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      for (let end; (end = text.indexOf('\r\n')) >= 0; text = text.slice(end + 2)) {
        const [tag, first, second] = text.slice(0, end).split(' ');
        answer(first === 'UID' ? second : first, socket, tag);
      }
    });
    answer('greeting', socket);
  });
  server.on('tlsClientError', () => {});
  return serve(server, sockets);
}

/** A line that does not end, as fast as it is taken. */
export function writeWithoutEnd(socket) {
  const more = () => { while (!socket.destroyed && socket.write('x'.repeat(16_384))); };
  socket.on('drain', more);
  socket.write('* OK ');
  more();
}
