// The wire between Postroom and a server, which the campaign spoils: it cuts (FIN), resets (RST), stalls, trickles and garbles what passes,
// after so many bytes, or at a mark of the protocol (marks.mjs); or Postroom is killed at that very instant. To see marks it ends TLS and begins it anew, with the test's certificate.
import { readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { delay, scratchFolder } from '../scratch.mjs';
import { watchers } from './marks.mjs';

// What may happen, how often, and where; of each protocol.
const kinds = { cut: 4, reset: 4, stall: 2, trickle: 2, garble: 1, kill: 3 };
const places = {
  none: { server: { bytes: 1 }, client: { bytes: 1 } },
  imap: { server: { bytes: 2, literal: 3, answer: 3 }, client: { bytes: 1, command: 1, 'after-action': 3 } },
  pop3: { server: { bytes: 2, mail: 3, answer: 3 }, client: { bytes: 1, command: 2, quit: 3 } },
  smtp: { server: { bytes: 1, reply: 1, answer: 4, 'half-answer': 2 }, client: { bytes: 1, DATA: 1, body: 2, 'before-dot': 2, 'after-dot': 4 } },
};

// What came before must be durable by then, or is lost, or done twice: there Postroom is killed.
const critical = { imap: ['client', 'after-action'], pop3: ['client', 'quit'], smtp: ['client', 'after-dot'] };

function drawPlace(its, protocol, kind) {
  if (kind === 'kill' && critical[protocol]) return critical[protocol];
  // A client's words that were changed on their way could ask for the deletion of another mail, and be obeyed.
  const side = kind === 'garble' && protocol !== 'none' ? 'server' : its.pick(['server', 'client']);
  const mark = its.weighted(places[protocol][side]);
  return [side, kind === 'garble' && ['literal', 'mail'].includes(mark) ? 'answer' : mark];
}

/** What happens to one connection, and where: drawn before anything passes, so that it depends on nothing but the connection's number. */
function drawFate(its, protocol, longest) {
  const kind = its.weighted(kinds);
  const [side, mark] = drawPlace(its, protocol, kind);
  return {
    kind,
    side,
    mark,
    share: its.fraction(),
    left: mark === 'bytes' ? its.magnitude(1, 40_000) : its.weighted({ 1: 4, 2: 2, 3: 1 }) - 1,
    lasts: its.magnitude(50, longest),
    bit: its.between(0, 7),
  };
}

/**
 * `to` is localhost:port or the path of a Unix socket. `protocol` is imap, pop3, smtp or none (bytes as they are, whatever they mean);
 * the first three need `certificates`; `trusted` is the file of the server's anchor, where it isn't theirs. Each connection is spoilt with
 * the probability `rate` while the campaign is active; what lasts, lasts at most `longest` milliseconds. `latency` is how late everything is, always. `kill()` kills Postroom at once, without waiting.
 */
export async function startWire({ name, to, campaign, rate = 0.5, protocol = 'none', certificates, trusted = certificates?.anchor, longest = 1_500, latency = 2, garbles = true, kill }) {
  const live = new Set();
  const context = certificates && tls.createSecureContext({ cert: readFileSync(certificates.certificate), key: readFileSync(certificates.key) });
  const ca = certificates && readFileSync(trusted);
  const onUnixSocket = to.startsWith('/');  // which knows no RST
  let connections = 0;
  let ambush;

  function carry(near) {
    const its = campaign.choices(`wire/${name}/${++connections}`);
    let fate = its.chance(rate) ? drawFate(its, protocol, longest) : undefined;
    const spoilt = campaign.active && fate && (garbles || fate.kind !== 'garble') && (kill || fate.kind !== 'kill');
    if (!spoilt) fate = undefined;
    const far = onUnixSocket ? net.connect({ path: to, allowHalfOpen: true })
      : net.connect({ port: Number(to.split(':').at(-1)), host: '127.0.0.1', allowHalfOpen: true });
    const watch = watchers[protocol]({ share: fate?.share ?? 0.5 });
    const raw = [near, far];
    const connection = { gone: false, spared: false, ending: false };
    live.add(connection);

    const end = (how) => {
      if (connection.gone) return;
      connection.gone = true;
      live.delete(connection);
      // What is being shut down and is reset is never closed, and keeps the test from its end (Node 20).
      for (const socket of raw) how === 'reset' && !onUnixSocket && !connection.ending ? socket.resetAndDestroy() : socket.destroy();
    };
    connection.end = end;
    for (const socket of raw) socket.setNoDelay?.(true).on('error', () => end('cut')).on('close', () => setTimeout(end, 500, 'cut'));

    const write = (socket, bytes) => new Promise((resolve) => {
      if (connection.gone || !socket.writable || bytes.length === 0) resolve();
      else socket.write(bytes, () => resolve());
    });

    // Returns what is to be passed on of `rest`, the bytes behind the point where it strikes.
    async function strike({ kind, side, mark, lasts, bit }, rest, to_) {
      campaign.count(`${name} ${kind}`, process.env.VERBOSE ? `connection ${connections}, ${side}, at ${mark}` : '');
      if (kind === 'cut' || kind === 'reset') {
        // The server has what came before; the client learns nothing more.
        await delay(side === 'client' ? Math.min(lasts, 60) : 0);
        end(kind);
      } else if (kind === 'stall') {
        const until = Date.now() + lasts;
        while (campaign.active && !connection.gone && Date.now() < until) await delay(20);
      } else if (kind === 'trickle') {
        for (let pieces = 0; pieces < 200 && rest.length > 0 && campaign.active; ++pieces) {
          const size = 1 + (pieces * 7 + bit) % 5;
          await write(to_, rest.subarray(0, size));
          rest = rest.subarray(size);
          if (pieces % 10 === 0) await delay(2);
        }
      } else if (rest.length > 0) {
        // In clear, a byte that is no ASCII: it can't turn one number, or one answer, into another.
        rest = Buffer.from(rest);
        rest[0] ^= protocol === 'none' ? 1 << bit : 0x80;
      }
      return rest;
    }

    function pump(from, to_, side) {
      let busy = Promise.resolve();
      const pass = async (piece) => {
        const marks = watch[side](piece);
        if (side === 'client' && ambush && marks.some(({ name: mark }) => mark === ambush.mark)) {
          const { spring } = ambush;
          ambush = undefined;
          connection.spared = true;
          fate = undefined;
          await spring(connection);
        }
        let struck = -1;
        if (fate?.side === side && campaign.active) {
          if (fate.mark === 'bytes') {
            if (fate.left < piece.length) struck = fate.left;
            fate.left -= piece.length;
          } else {
            for (const { at, name: mark } of marks)
              if (mark === fate.mark && fate.left-- === 0) struck = at;
          }
          // Not within a mail: its bytes carry no sum that would tell.
          if (fate.kind === 'garble' && watch.inLiteral(struck)) {
            fate.left = 0;
            struck = -1;
          }
        }
        if (struck >= 0 && fate.kind === 'kill') {
          campaign.count(`${name} kill`, process.env.VERBOSE ? `connection ${connections}, ${side}, at ${fate.mark}` : '');
          kill();
          fate = undefined;
          struck = -1;
        }
        await delay(latency);
        if (struck < 0) return write(to_, piece);
        const what = fate;
        fate = undefined;
        await write(to_, piece.subarray(0, struck));
        await write(to_, await strike(what, piece.subarray(struck), to_));
      };
      from.on('data', (piece) => {
        from.pause();
        busy = busy.then(() => pass(piece)).then(() => { if (!connection.gone) from.resume(); });
      });
      from.on('end', () => { busy.then(() => { connection.ending = true; to_.end(); }); });
    }

    // TLS on both sides of the wire, from where the two have spoken in clear.
    function upgrade() {
      const inside = new tls.TLSSocket(near, { isServer: true, secureContext: context });
      const outside = tls.connect({ socket: far, ca, servername: 'localhost' });
      for (const socket of [inside, outside]) socket.on('error', () => end('cut')).on('close', () => setTimeout(end, 500, 'cut'));
      pump(inside, outside, 'client');
      pump(outside, inside, 'server');
    }

    if (protocol === 'imap' || protocol === 'pop3') {
      upgrade();
    } else if (protocol === 'smtp') {
      // In clear until STARTTLS was answered.
      let asked = false;
      const toServer = (piece) => { asked = /^STARTTLS\r\n$/i.test(piece.toString('latin1')); far.write(piece); };
      const toClient = (piece) => {
        near.write(piece);
        if (!asked || !/^220 /.test(piece.toString('latin1'))) return;
        near.removeListener('data', toServer);
        far.removeListener('data', toClient);
        upgrade();
      };
      near.on('data', toServer).on('end', () => { connection.ending = true; far.end(); });
      far.on('data', toClient).on('end', () => { connection.ending = true; near.end(); });
    } else {
      pump(near, far, 'client');
      pump(far, near, 'server');
    }
  }

  const server = net.createServer({ allowHalfOpen: true }, carry);
  let endpoint;
  let folder;
  if (onUnixSocket) {
    folder = scratchFolder('wire');
    endpoint = path.join(folder.folder, path.basename(to));
    await new Promise((resolve) => server.listen(endpoint, resolve));
  } else {
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    endpoint = `localhost:${server.address().port}`;
  }
  return {
    name,
    endpoint,
    connections: () => connections,
    /**
     * The next client to come to this mark is held before it, and nothing else happens to its connection. Resolves with { isGone(), release() },
     * or with nothing where none comes within `limit` milliseconds.
     */
    hold(mark, limit) {
      return new Promise((resolve) => {
        const timer = setTimeout(() => { ambush = undefined; resolve(); }, limit);
        ambush = {
          mark,
          spring: (connection) => new Promise((release) => {
            clearTimeout(timer);
            resolve({ isGone: () => connection.gone, release });
          }),
        };
      });
    },
    /** Ends one of the connections that are open at this moment; false where there is none. */
    strikeOne(its) {
      const [kind, at] = [its.pick(['cut', 'reset']), its.fraction()];
      const open = [...live].filter((each) => !each.spared);
      const one = open[Math.floor(at * open.length)];
      if (!one) return false;
      one.end(kind);
      campaign.count(`${name} ${kind}`);
      return true;
    },
    stop: () => new Promise((resolve) => {
      for (const connection of [...live]) connection.end('cut');
      server.close(() => { folder?.remove(); resolve(); });
    }),
  };
}
