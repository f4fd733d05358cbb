// Just enough SMTP and LMTP to be a customer whose mail arrives from the outside world.
import net from 'node:net';
import { patience } from './scratch.mjs';

/** Delivers `raw` (CRLF is made) and resolves with the server's last reply; rejects with the first refusal. */
export async function deliver({ port, from, to, raw, greeting = 'EHLO' }) {
  const socket = net.connect(port, '127.0.0.1');
  socket.setTimeout(60_000 * patience, () => socket.destroy(new Error('the server was silent for minutes')));
  const replies = (async function* () {
    let text = '';
    for await (const chunk of socket) {
      text += chunk.toString('latin1');
      for (let at; (at = text.search(/^\d{3} .*\r\n/m)) >= 0;) {
        const end = text.indexOf('\r\n', at) + 2;
        yield text.slice(0, end).trim();
        text = text.slice(end);
      }
    }
  })();
  const expect = async (code) => {
    const { value, done } = await replies.next();
    if (done || !value.split('\r\n').at(-1).startsWith(code)) throw new Error(`wanted ${code}, got: ${value}`);
    return value;
  };
  const bytes = Buffer.isBuffer(raw) ? raw : Buffer.from(raw);
  const body = bytes.toString('latin1').replace(/\r?\n/g, '\r\n').replace(/^\./gm, '..');
  try {
    await expect('220');
    socket.write(`${greeting} customer.example\r\n`);
    await expect('250');
    socket.write(`MAIL FROM:<${from}>\r\n`);
    await expect('250');
    socket.write(`RCPT TO:<${to}>\r\n`);
    await expect('250');
    socket.write('DATA\r\n');
    await expect('354');
    socket.write(Buffer.from(`${body}${body.endsWith('\r\n') ? '' : '\r\n'}.\r\n`, 'latin1'));
    const reply = await expect('250');
    socket.write('QUIT\r\n');
    return reply;
  } finally {
    socket.end();
    setTimeout(() => socket.destroy(), 500).unref();
  }
}
