// Where in a dialogue a fault may strike: a watcher sees the bytes of both directions, in clear, and says at which offset of a piece
// something begins or ends. It only watches: what it does not understand passes.

/** Calls `ended(line, at)` for every line of the pieces that it is given; `at` is the offset behind it. */
function lines(ended) {
  let line = '';
  return (piece, from = 0) => {
    for (let at = from; at < piece.length; ++at) {
      if (line.length < 4_096) line += String.fromCharCode(piece[at]);
      if (piece[at] !== 0x0A) continue;
      const whole = line;
      line = '';
      if (ended(whole, at + 1)) return at + 1;
    }
    return piece.length;
  };
}

/**
 * IMAP. Of the server: `answer` before a tagged one, `literal` somewhere within one (`share` of it). Of the client: `command` behind any,
 * `after-action` behind one that moves, marks or deletes.
 */
function imap({ share }) {
  let literal = 0;   // octets of it that are still to come
  let middle = -1;   // how many of them are left where it is cut
  let atStart = true;
  let marks;
  const serverLine = lines((line) => {
    const size = /\{(\d+)\}\r?\n$/.exec(line)?.[1];
    literal = Number(size ?? 0);
    middle = literal > 0 ? literal - Math.floor(literal * share) : -1;
    atStart = !size;
    return true;  // one at a time: a literal may follow
  });
  const clientLine = lines((line, at) => {
    marks.push({ at, name: 'command' });
    if (/ (UID )?(MOVE|COPY|STORE|EXPUNGE) /i.test(line)) marks.push({ at, name: 'after-action' });
  });
  let within = [];  // where the last piece holds literals: [from, to]
  return {
    inLiteral: (at) => within.some(([from, to]) => at >= from && at < to),
    server(piece) {
      marks = [];
      within = [];
      for (let at = 0; at < piece.length;) {
        if (literal > 0) {
          const take = Math.min(literal, piece.length - at);
          if (middle >= 0 && literal - take <= middle) {
            marks.push({ at: at + literal - middle, name: 'literal' });
            middle = -1;
          }
          within.push([at, at + take]);
          literal -= take;
          at += take;
          continue;
        }
        if (atStart && piece[at] === 0x41) marks.push({ at, name: 'answer' });
        atStart = false;
        at = serverLine(piece, at);
      }
      return marks;
    },
    client(piece) {
      marks = [];
      clientLine(piece);
      return marks;
    },
  };
}

/**
 * SMTP, by DATA or in chunks (RFC 3030). Of the client: `DATA` behind that command or the first BDAT, `body` somewhere in the first octets of a message, `before-dot`, `after-dot`. Of the
 * server: `answer` before its answer to the dot, `half-answer` within it; `reply` before any other.
 */
function smtp({ share }) {
  let body = -1;         // octets of the message so far, or -1 where there is none
  let tail = '';
  let asked = false;     // DATA was
  let chunk = 0;         // octets of a chunk that are to come
  let last = false;      // it is the last one
  let chunked = -1;      // octets of the message in chunks so far, or -1 where there is none
  let dotted = false;
  let atStart = true;
  let marks;
  const clientLine = lines((line, at) => {
    asked = /^DATA\r\n$/i.test(line);
    if (asked) marks.push({ at, name: 'DATA' });
    const bdat = /^BDAT (\d+)( LAST)?\r\n$/i.exec(line);
    if (!bdat) return asked;
    chunk = Number(bdat[1]);
    last = bdat[2] !== undefined;
    if (chunked < 0) {
      chunked = 0;
      marks.push({ at, name: 'DATA' });
    }
    if (last) marks.push({ at, name: 'before-dot' });
    return true;
  });
  const serverLine = lines((line) => {
    if (!asked || !/^354/.test(line)) return true;  // those of a group of commands come first
    body = 0;
    tail = '\r\n';
    asked = false;
    return true;
  });
  return {
    inLiteral: () => false,
    client(piece) {
      marks = [];
      for (let at = 0; at < piece.length;) {
        if (chunk > 0) {
          const taken = Math.min(chunk, piece.length - at);
          const half = Math.floor(share * 600);
          if (chunked <= half && half < chunked + taken) marks.push({ at: at + half - chunked, name: 'body' });
          chunked += taken;
          chunk -= taken;
          at += taken;
          if (chunk > 0 || !last) continue;
          marks.push({ at, name: 'after-dot' });
          chunked = -1;
          last = false;
          dotted = true;
          continue;
        }
        if (body < 0) {
          at = clientLine(piece, at);
          continue;
        }
        const wanted = Math.floor(share * 600);
        for (; at < piece.length && body >= 0; ++at) {
          if (body++ === wanted) marks.push({ at, name: 'body' });
          tail = (tail + String.fromCharCode(piece[at])).slice(-5);
          if (tail !== '\r\n.\r\n') continue;
          marks.push({ at: Math.max(0, at - 2), name: 'before-dot' }, { at: at + 1, name: 'after-dot' });
          body = -1;
          dotted = true;
        }
      }
      return marks.sort((one, other) => one.at - other.at);
    },
    server(piece) {
      marks = [];
      for (let at = 0; at < piece.length;) {
        if (atStart) {
          if (dotted) marks.push({ at, name: 'answer' }, { at: Math.min(piece.length, at + 1 + Math.floor(share * 20)), name: 'half-answer' });
          else marks.push({ at, name: 'reply' });
          dotted = false;
        }
        const end = serverLine(piece, at);
        atStart = piece[end - 1] === 0x0A;
        at = end;
      }
      return marks.sort((one, other) => one.at - other.at);
    },
  };
}

/**
 * POP3. Of the server: `answer` before any answer, `mail` somewhere in the first octets of one (`share` says where). Of the client: `command` behind any, `quit` behind QUIT,
 * with which the server deletes.
 */
function pop3({ share }) {
  const asked = [];    // verbs that await their answer
  let lasting = false; // an answer of several lines
  let mail = -1;       // octets of the mail so far, or -1 outside of one
  let marks;
  let within = [];
  const serverLine = lines(() => true);
  let line = '';
  const clientLine = lines((text, at) => {
    const verb = /^([A-Z]{4})\b/i.exec(text)?.[1].toUpperCase();
    if (!/^(CAPA|AUTH|STAT|UIDL|LIST|TOP|RETR|DELE|RSET|NOOP|QUIT)\b/i.test(text)) return;  // a token
    asked.push(verb ?? 'TOP');
    marks.push({ at, name: 'command' });
    if (verb === 'QUIT') marks.push({ at, name: 'quit' });
  });
  return {
    inLiteral: (at) => within.some(([from, to]) => at >= from && at < to),
    client(piece) {
      marks = [];
      clientLine(piece);
      return marks;
    },
    server(piece) {
      marks = [];
      within = [];
      for (let at = 0; at < piece.length;) {
        if (!lasting && line === '') marks.push({ at, name: 'answer' });
        const end = serverLine(piece, at);
        line += piece.subarray(at, end).toString('latin1').slice(0, 8);
        if (mail >= 0) {
          const wanted = Math.floor(share * 3_000);
          if (mail <= wanted && wanted < mail + end - at) marks.push({ at: at + wanted - mail, name: 'mail' });
          mail += end - at;
          within.push([at, end]);
        }
        at = end;
        if (piece[end - 1] !== 0x0A) continue;
        if (lasting) {
          if (line === '.\r\n') [lasting, mail] = [false, -1];
        } else if (!line.startsWith('+ ') && line !== '+\r\n') {  // for which the token is due
          const verb = asked.shift();
          lasting = line.startsWith('+OK') && ['CAPA', 'UIDL', 'LIST', 'TOP', 'RETR'].includes(verb);
          if (lasting && verb === 'RETR') mail = 0;
        }
        line = '';
      }
      return marks;
    },
  };
}

const none = () => ({ inLiteral: () => false, client: () => [], server: () => [] });

/** The watcher of a protocol: `share`, from 0 to 1, says how far within what is long. */
export const watchers = { imap, pop3, smtp, none };
