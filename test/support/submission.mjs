// A submission server of the test's own that keeps sent mail, as Exchange does, and strikes where it is told to: it cuts the connection,
// refuses, or has Postroom killed, at each place of the protocol. An account has a port of its own; one IMAP server shows what was sent.
import { readFileSync } from 'node:fs';
import net from 'node:net';
import tls from 'node:tls';
import { serve } from './scratch.mjs';

/** In the order of a session. `stored` is after the mail was taken and before anybody is told; `half` is amid telling it. */
export const places = ['greeting', 'EHLO', 'STARTTLS', 'EHLO again', 'AUTH', 'MAIL', 'RCPT', 'DATA', 'BDAT', 'body', 'end', 'stored', 'half', 'answered'];

const replies = {
  greeting: '220 mail.contoso.test ready',
  AUTH: '235 2.7.0 Authentication successful',
  MAIL: '250 2.1.0 Sender OK',
  RCPT: '250 2.1.5 Recipient OK',
  DATA: '354 Start mail input; end with <CRLF>.<CRLF>',
  RSET: '250 2.0.0 Resetting',
  NOOP: '250 2.0.0 OK',
  QUIT: '221 2.0.0 Service closing transmission channel',
};

/**
 * `strike(user, place)` returns nothing, or { kind: 'cut' | 'reset' | 'kill' | 'refuse', words }; `kill()` kills Postroom at once. No more
 * than `most` connections of a user's are signed in at a time: the next is told 432. A mail takes `pause` milliseconds. `delivered` counts
 * each Message-ID.
 */
export async function startSubmission({ certificates, users, strike = () => undefined, kill = () => {}, most = 3, pause = 0 }) {
  const context = tls.createSecureContext({ cert: readFileSync(certificates.certificate), key: readFileSync(certificates.key) });
  const sockets = new Set();
  const state = { delivered: new Map(), sent: new Map(users.map((user) => [user, new Set()])), together: new Map(), most: new Map(), refused: 0, kept: true };

  function session(user, chunking, raw) {
    sockets.add(raw);
    let wire = raw;
    let input = Buffer.alloc(0);
    let secure = false;
    let signedIn = false;
    let body = [];
    let left = 0;        // of a chunk
    let last = false;
    let reading = 'commands';
    let envelope = false;
    let over = false;    // cut; what was said before it may be on its way still
    const gone = () => {
      if (signedIn) state.together.set(user, state.together.get(user) - 1);
      signedIn = false;
      sockets.delete(raw);
    };
    raw.setNoDelay(true).on('error', () => {}).once('close', gone);
    const say = (line) => { if (!raw.destroyed) wire.write(`${line}\r\n`); };

    function cut(kind) {
      over = true;
      if (kind === 'reset') raw.resetAndDestroy();
      else setTimeout(() => raw.destroy(), 5);
    }

    /** Nothing that it says is answered any more, nor is it reset: a socket that is being shut down would never be closed (Node 20). */
    function hangUp() {
      over = true;
      raw.end();
    }

    /** True where nothing more is to be said of it. */
    function struck(place) {
      const what = strike(user, place);
      if (!what) return false;
      if (what.kind === 'kill') {
        kill();
        return false;
      }
      if (what.kind === 'refuse') {
        say(what.words);
        if (what.words.startsWith('421')) hangUp();
        return true;
      }
      cut(what.kind);
      return true;
    }

    function take() {
      const mail = Buffer.concat(body).toString('latin1');
      body = [];
      envelope = false;
      if (struck('end')) return;
      const [, id] = /^Message-Id: <(.*?)>/mi.exec(mail);
      state.delivered.set(id, (state.delivered.get(id) ?? 0) + 1);
      if (state.kept) state.sent.get(user).add(id);
      if (struck('stored')) return;
      const reply = `250 2.0.0 OK <${id}> [Hostname=TEST]`;
      const half = strike(user, 'half');
      if (half) {
        wire.write(reply.slice(0, 20));
        if (half.kind === 'kill') kill();
        cut(half.kind);
        return;
      }
      if (pause === 0) {
        say(reply);
        struck('answered');
        return;
      }
      reading = 'nothing';
      setTimeout(() => {
        reading = 'commands';
        say(reply);
        feed(Buffer.alloc(0));
      }, pause);
    }

    function command(line) {
      const verb = line.split(' ', 1)[0].toUpperCase();
      if (verb === 'EHLO') {
        if (struck(secure ? 'EHLO again' : 'EHLO')) return;
        const offers = ['mail.contoso.test', 'SIZE 157286400', 'PIPELINING', 'ENHANCEDSTATUSCODES', '8BITMIME', 'SMTPUTF8',
          ...(chunking ? ['CHUNKING'] : []), secure ? 'AUTH PLAIN' : 'STARTTLS'];
        offers.forEach((each, at) => say(`250${at + 1 < offers.length ? '-' : ' '}${each}`));
      } else if (verb === 'STARTTLS') {
        if (struck('STARTTLS')) return;
        say('220 2.0.0 SMTP server ready');
        raw.removeAllListeners('data');
        wire = new tls.TLSSocket(raw, { isServer: true, secureContext: context });
        wire.on('error', () => {}).on('data', (bytes) => feed(bytes));
        raw.once('close', () => wire.destroy());
        secure = true;
      } else if (verb === 'AUTH') {
        if (struck('AUTH')) return;
        const now = (state.together.get(user) ?? 0) + 1;
        if (now > most) {
          state.refused += 1;
          say('432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information. [Hostname=TEST]');
          return;
        }
        signedIn = true;
        state.together.set(user, now);
        state.most.set(user, Math.max(now, state.most.get(user) ?? 0));
        say(replies.AUTH);
      } else if (verb === 'MAIL') {
        if (struck('MAIL')) return;
        envelope = true;
        say(replies.MAIL);
      } else if (verb === 'RCPT') {
        if (!envelope) return say('503 5.5.1 Bad sequence');
        if (struck('RCPT')) return;
        say(replies.RCPT);
      } else if (verb === 'DATA') {
        if (!envelope) return say('503 5.5.1 Bad sequence');
        if (struck('DATA')) return;
        say(replies.DATA);
        reading = 'data';
      } else if (verb === 'BDAT') {
        left = Number(line.split(' ')[1]);
        last = /last/i.test(line);
        reading = 'chunk';
      } else if (verb === 'RSET') {
        envelope = false;
        say(replies.RSET);
      } else if (verb === 'QUIT') {
        say(replies.QUIT);
        hangUp();
      } else {
        say(replies.NOOP);
      }
    }

    function feed(bytes) {
      input = Buffer.concat([input, bytes]);
      while (!raw.destroyed && !over && reading !== 'nothing') {
        if (reading === 'chunk') {
          if (input.length < left) return;
          const chunk = input.subarray(0, left);
          input = input.subarray(left);
          reading = 'commands';
          if (!envelope) { say('503 5.5.1 Bad sequence'); continue; }
          if (struck('BDAT')) { envelope = false; body = []; continue; }
          body.push(chunk);
          if (last) take();
          else if (!struck('body')) say('250 2.0.0 chunk received');
        } else if (reading === 'data') {
          const end = input.indexOf('\r\n.\r\n');
          if (end < 0) {
            struck('body');
            return;
          }
          body.push(input.subarray(0, end + 2));
          input = input.subarray(end + 5);
          reading = 'commands';
          take();
        } else {
          const end = input.indexOf('\r\n');
          if (end < 0) return;
          const line = input.subarray(0, end).toString('latin1');
          input = input.subarray(end + 2);
          command(line);
          if (/^STARTTLS/i.test(line)) return;
        }
      }
    }

    if (struck('greeting')) return;
    raw.on('data', (bytes) => feed(bytes));
    say(replies.greeting);
  }

  function imap(socket) {
    let user = '';
    let sent = false;
    let text = '';
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    const known = () => [...(state.sent.get(user) ?? [])];
    const answer = (line) => {
      const [tag, first, second, ...rest] = line.split(' ');
      const name = (first === 'UID' ? second : first)?.toUpperCase();
      if (name === 'CAPABILITY') socket.write('* CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR UIDPLUS\r\n');
      if (name === 'AUTHENTICATE') [, user] = Buffer.from(rest[0], 'base64').toString().split('\0');
      if (name === 'LIST') socket.write('* LIST (\\HasNoChildren) "/" INBOX\r\n* LIST (\\HasNoChildren \\Sent) "/" Sent\r\n');
      if (name === 'SELECT' || name === 'EXAMINE') {
        sent = /Sent/.test(line);
        socket.write(`* FLAGS (\\Seen)\r\n* ${sent ? known().length : 0} EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n* OK [UIDNEXT 9999] next\r\n`);
      }
      if (name === 'SEARCH') {
        const wanted = /HEADER Message-ID "?<(.*?)>/i.exec(line)?.[1];
        socket.write(`* SEARCH${known().map((id, at) => (sent && id === wanted ? ` ${at + 1}` : '')).join('')}\r\n`);
      }
      if (name === 'LOGOUT') socket.end('* BYE\r\n');
      else socket.write(`${tag} OK done\r\n`);
    };
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      for (let end; (end = text.indexOf('\r\n')) >= 0;) {
        const line = text.slice(0, end);
        text = text.slice(end + 2);
        if (!socket.destroyed) answer(line);
      }
    });
    socket.write('* OK ready\r\n');
  }

  const listeners = new Map();
  for (const [at, user] of users.entries())
    listeners.set(user, await serve(net.createServer((raw) => session(user, at % 2 === 0, raw)), sockets));
  const mailbox = await serve(tls.createServer({ secureContext: context, cert: readFileSync(certificates.certificate), key: readFileSync(certificates.key) }, imap).on('tlsClientError', () => {}), sockets);
  return {
    ...state,
    state,
    imap: mailbox.endpoint,
    smtp: (user) => listeners.get(user).endpoint,
    stop: () => Promise.all([mailbox, ...listeners.values()].map((each) => each.stop())),
  };
}
