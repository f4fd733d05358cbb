// An HTTP proxy (CONNECT) that reads along: it ends the TLS of whatever goes to `host`:`port`, keeps what was asked and answered, and passes
// it on. So a test knows every token and secret that was on that wire. The rest is passed through unread.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { request } from './browser.mjs';

/** `certificates` are for `host`; `ca` is what its real server is trusted by, which is on loopback. */
export async function startOverhearingProxy({ certificates, host, port, ca }) {
  const overheard = [];
  const sockets = new Set();
  const onLoopback = (name, { all }, found) => (all ? found(null, [{ address: '127.0.0.1', family: 4 }]) : found(null, '127.0.0.1', 4));
  const inside = https.createServer({ cert: readFileSync(certificates.certificate), key: readFileSync(certificates.key) }, async (asked, response) => {
    const pieces = [];
    for await (const piece of asked) pieces.push(piece);
    const body = Buffer.concat(pieces);
    const { 'content-length': ignored, connection, ...headers } = asked.headers;
    try {
      const answer = await request(`https://${host}:${port}${asked.url}`, { method: asked.method, headers, body: body.length ? body : undefined, ca, lookup: onLoopback });
      overheard.push({ url: asked.url, headers: asked.headers, request: body.toString(), status: answer.status, response: answer.bytes.toString() });
      const { 'transfer-encoding': chunked, ...back } = answer.headers;
      response.writeHead(answer.status, { ...back, 'content-length': answer.bytes.length });
      response.end(answer.bytes);
    } catch (error) {
      response.destroy(error);
    }
  });
  const server = http.createServer();
  server.on('connect', (asked, socket, head) => {
    const [name, wanted] = asked.url.split(':');
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    if (name === host && Number(wanted) === port) {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      if (head.length) socket.unshift(head);
      inside.emit('connection', socket);
      return;
    }
    const far = net.connect(Number(wanted), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      far.write(head);
      far.pipe(socket);
      socket.pipe(far);
    });
    far.on('error', () => socket.destroy()).once('close', () => socket.destroy());
    socket.once('close', () => far.destroy());
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    name: 'overhearing proxy',
    url: `http://127.0.0.1:${server.address().port}`,
    /** { url, headers, request, status, response }, in their order. */
    overheard,
    stop: () => new Promise((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(resolve);
    }),
  };
}
