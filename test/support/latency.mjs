// A wire with a length: what passes is late by some milliseconds in each direction, as it is with any provider's servers. On loopback an
// answer comes so soon that a kill hardly ever falls between a command and its answer.
import net from 'node:net';
import { serve } from './scratch.mjs';

/** Resolves with where to connect instead of `endpoint` (localhost:port). */
export async function startLatency(endpoint, millis) {
  const sockets = new Set();
  const server = net.createServer((near) => {
    const far = net.connect(Number(endpoint.split(':').at(-1)), '127.0.0.1');
    for (const [from, to] of [[near, far], [far, near]]) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on('data', (bytes) => setTimeout(() => to.writable && to.write(bytes), millis));
      from.on('error', () => {});
      from.once('end', () => setTimeout(() => to.end(), millis));
      from.once('close', () => { sockets.delete(from); setTimeout(() => to.destroy(), 2 * millis); });
    }
  });
  return serve(server, sockets);
}
