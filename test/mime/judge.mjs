// Reads mails with npm's mailparser and says what it found, as judge.py does with Python's email package: one JSON a mail.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { domainToASCII } from 'node:url';
import { simpleParser } from 'mailparser';

const ascii = (address) => address.replace(/@(.*)$/, (_, domain) => `@${domainToASCII(domain)}`);  // it shows domains in Unicode
const list = (field) => (field?.value ?? []).map(({ name, address }) => [name, ascii(address)]);
const plain = (text) => (text ?? '').replace(/\r\n/g, '\n').trimEnd();
const bare = (id) => (id ?? '').replace(/[<>]/g, '');

const folder = process.argv[2];
for (const name of readdirSync(folder).filter((each) => each.endsWith('.eml')).sort()) {
  const mail = await simpleParser(readFileSync(path.join(folder, name)), { skipHtmlToText: true, skipImageLinks: true, skipTextToHtml: true });
  console.log(JSON.stringify({
    name,
    subject: mail.subject ?? '',
    from: list(mail.from), to: list(mail.to), cc: list(mail.cc), reply_to: list(mail.replyTo),
    in_reply_to: bare(mail.inReplyTo),
    references: [mail.references ?? []].flat().map(bare),
    text: plain(mail.text),
    html: plain(mail.html || ''),
    files: mail.attachments.map((each) => ({
      name: each.filename ?? '', type: each.contentType, id: bare(each.contentId),
      digest: createHash('sha256').update(each.content).digest('hex'),
    })),
  }));
}
