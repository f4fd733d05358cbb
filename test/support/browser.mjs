// As much of a browser as a sign-in needs: requests, cookies by host, redirections and forms. No scripts.
import http from 'node:http';
import https from 'node:https';
import { patience } from './scratch.mjs';

/**
 * One request; redirections come back as they are. `socketPath` is a Unix socket, and `url` then a path; `ca` is trusted besides;
 * `lookup` finds names otherwise than the system does; it may be silent for `limit`, times `patience`.
 * Resolves with { status, headers, bytes }.
 */
export function request(url, { method = 'GET', headers = {}, body, ca, socketPath, lookup, limit = 60_000 } = {}) {
  const { request: begin } = String(url).startsWith('https:') ? https : http;
  const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
  const options = { method, headers: { ...length, ...headers }, agent: false, ...(ca ? { ca } : {}), ...(lookup ? { lookup } : {}) };
  return new Promise((resolve, reject) => {
    const answered = (answer) => {
      const pieces = [];
      answer.on('data', (piece) => pieces.push(piece)).once('error', reject)
        .once('end', () => resolve({ status: answer.statusCode, headers: answer.headers, bytes: Buffer.concat(pieces) }));
    };
    const sent = socketPath ? begin({ socketPath, path: url, ...options }, answered) : begin(url, options, answered);
    sent.setTimeout(limit * patience, () => sent.destroy(new Error(`${method} ${url} was not answered within ${limit * patience} ms`)));
    sent.once('error', reject).end(body);
  });
}

/** A page's characters as a person reads them. */
export const plain = (text) => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&#39;', "'")
  .replaceAll('&#x27;', "'").replaceAll('&amp;', '&');
const attribute = (tag, name) => {
  const found = new RegExp(`\\s${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s>]+))`, 'i').exec(tag);
  return found ? plain(found[1] ?? found[2] ?? found[3]) : undefined;
};

/**
 * Opens `url` and goes on as a person would: follows redirections, and fills each page's last form with what `fill(its fields)`
 * returns, until a page has none. Resolves with that page: { url, status, text }.
 */
export async function walk(url, { ca, fill, lookup, most = 20 }) {
  const cookies = new Map();
  let next = { url: String(url) };
  for (let step = 0; step < most; ++step) {
    const { host } = new URL(next.url);
    const jar = cookies.get(host) ?? new Map();
    cookies.set(host, jar);
    const headers = { accept: 'text/html', cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') };
    if (next.form) headers['content-type'] = 'application/x-www-form-urlencoded';
    const answer = await request(next.url, {
      method: next.form ? 'POST' : 'GET', headers, lookup, ...(ca ? { ca } : {}), ...(next.form ? { body: next.form } : {}),
    });
    for (const each of answer.headers['set-cookie'] ?? []) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(each);
      jar.set(name, value);
    }
    if (answer.status >= 300 && answer.status < 400 && answer.headers.location) {
      next = { url: new URL(answer.headers.location, next.url).href };
      continue;
    }
    const text = answer.bytes.toString();
    const form = [...text.matchAll(/<form\b[^>]*>[^]*?<\/form>/gi)].at(-1)?.[0];
    if (!form) return { url: next.url, status: answer.status, text };
    const fields = {};
    for (const [tag] of form.matchAll(/<(?:input|button)\b[^>]*>/gi)) {
      const name = attribute(tag, 'name');
      if (name !== undefined && !(name in fields)) fields[name] = attribute(tag, 'value') ?? '';
    }
    next = {
      url: new URL(attribute(/<form\b[^>]*>/i.exec(form)[0], 'action') ?? next.url, next.url).href,
      form: new URLSearchParams(fill(fields)).toString(),
    };
  }
  throw new Error(`the sign-in did not end after ${most} pages; the last was ${next.url}`);
}
