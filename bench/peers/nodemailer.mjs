// nodemailer's pool, as a program: the files that its standard input names, over CONNECTIONS connections.
//     node nodemailer.mjs PORT USER TOKEN-FILE CONNECTIONS SENDER RECIPIENT < LIST          ($NODE_EXTRA_CA_CERTS is trusted)
import { readFileSync } from 'node:fs';
import nodemailer from 'nodemailer';

const [port, user, token, connections, from, to] = process.argv.slice(2);
const pool = nodemailer.createTransport({
  host: 'localhost', port: Number(port), secure: false, requireTLS: true, pool: true, maxConnections: Number(connections),
  maxMessages: Infinity, auth: { type: 'OAuth2', user, accessToken: readFileSync(token, 'utf8') },
});
const files = readFileSync(0, 'utf8').trim().split('\n');
await Promise.all(files.map((file) => pool.sendMail({ envelope: { from, to }, raw: readFileSync(file) })));
pool.close();
