// The mails that benchmarks move, the same in every run, and the digests by which they are known again.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const words = `able account address advice after again agent answer apply arrive before bill blue broken call cancel card case change
charge claim clear colour contract copy correct cost country customer damage date deliver delay dear desk door early email empty error
exchange expect fault final find first form free friday garden gift happen heavy help hour hope invoice item june key large last late
letter line list lost mail make manager market matter message minute missing money month morning move name need never note number offer
office online open order other paper parcel part payment person phone place please point post price problem product promise question
quick reach ready reason receipt receive refund remain repair replace reply report request return road same season second send service
shop short sign size small soon sorry spare still store street sum support tell thank thing ticket time today town trace under update
value visit voucher wait warm week weight went wish wrong year yesterday`.split(/\s+/);

// mulberry32: the same numbers everywhere.
function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
}

/** Text of about `bytes` octets, LF at its line ends. */
export function text(seed, bytes) {
  const next = numbers(seed);
  let out = '';
  let line = '';
  while (out.length + line.length < bytes) {
    line += `${words[next() % words.length]} `;
    if (line.length > 70) {
      out += `${line.trimEnd()}\n`;
      line = '';
    }
  }
  return `${out}${line.trimEnd()}\n`;
}

const head = (kind, i, to) => `Return-Path: <customer${i}@example.com>
From: Customer ${i} <customer${i}@example.com>
To: Contoso <${to}>
Subject: Enquiry ${i} about my order
Date: ${new Date(Date.UTC(2026, 0, 1) + i * 60_000).toUTCString().replace('GMT', '+0000')}
Message-ID: <bench-${kind}-${i}@example.com>
MIME-Version: 1.0
`;

/** One mail of `kind`, LF at its line ends: "small" is 10 KiB of text, "large" has an attachment of 2 MiB, "huge" one of 150. */
export function mail(kind, i, to) {
  if (kind === 'small') return `${head(kind, i, to)}Content-Type: text/plain; charset=us-ascii\n\n${text(i, 10_240 - 380)}`;
  const next = numbers(1_000_000 + i);
  const bytes = Buffer.alloc(kind === 'huge' ? 112_500 * 1024 : 1_536 * 1024);
  for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE(next(), at);
  const lines = bytes.toString('base64').match(/.{1,76}/g).join('\n');
  return `${head(kind, i, to)}Content-Type: multipart/mixed; boundary="part"

--part
Content-Type: text/plain; charset=us-ascii

${text(i, 2_000)}
--part
Content-Type: application/octet-stream
Content-Disposition: attachment; filename="picture-${i}.bin"
Content-Transfer-Encoding: base64

${lines}
--part--
`;
}

export const crlf = (octets) => octets.replace(/\r?\n/g, '\r\n');

/** Of the mail as it is on the wire. */
export const digest = (octets) => createHash('sha256').update(Buffer.from(crlf(octets), 'latin1')).digest('hex');

/** Fills a Maildir as Dovecot's own delivery would; resolves with the digests, sorted, and the octets on the wire. */
export function fillMaildir(folder, kind, count, to) {
  const digests = [];
  let bytes = 0;
  for (let i = 1; i <= count; i += 1) {
    const octets = mail(kind, i, to);
    const wire = octets.length + octets.match(/\n/g).length;
    writeFileSync(path.join(folder, 'cur', `${1_767_225_600 + i}.M${i}P1.bench,S=${octets.length},W=${wire}:2,`), octets);
    digests.push(digest(octets));
    bytes += wire;
  }
  return { digests: digests.sort(), bytes };
}

/** The digests of what a client put into a Maildir, without the fields that it added at the top. */
export function maildirDigests(folder, added = /^(?!)/gm) {
  return ['new', 'cur'].flatMap((sub) => readdirSync(path.join(folder, sub)).map((name) => {
    const octets = readFileSync(path.join(folder, sub, name), 'latin1');
    return digest(octets.replace(added, ''));
  })).sort();
}
