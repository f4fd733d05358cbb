// imapflow, as a program: every mail of INBOX, one digest a line. It stores nothing.
//     node imapflow.mjs PORT USER TOKEN-FILE          ($NODE_EXTRA_CA_CERTS is trusted)
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ImapFlow } from 'imapflow';

const [port, user, token] = process.argv.slice(2);
const client = new ImapFlow({
  host: 'localhost', port: Number(port), secure: true, logger: false, auth: { user, accessToken: readFileSync(token, 'utf8') },
});
await client.connect();
const lock = await client.getMailboxLock('INBOX');
for await (const mail of client.fetch('1:*', { uid: true, flags: true, internalDate: true, size: true, source: true }))
  process.stdout.write(`${createHash('sha256').update(mail.source).digest('hex')}\n`);
lock.release();
await client.logout();
