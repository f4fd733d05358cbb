// What nobody may read anywhere, and the search for it: any twelve characters in a row of a secret, as it is or as it is written in URLs,
// JSON, base64 (wherever in a longer text it stands) or hexadecimal.

const length = 12;

/** Base64 of it within something longer: the characters that hold nothing of what stands around it. */
function inBase64(bytes, encoding) {
  return [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString(encoding).replace(/=+$/, '');
    return text.slice(Math.ceil(before * 8 / 6), Math.floor((before + bytes.length) * 8 / 6));
  });
}

/** As it may be written. */
function forms(secret) {
  const bytes = Buffer.from(secret);
  return new Set([secret, encodeURIComponent(secret), new URLSearchParams({ s: secret }).toString().slice(2), JSON.stringify(secret).slice(1, -1),
    ...inBase64(bytes, 'base64'), ...inBase64(bytes, 'base64url'), bytes.toString('hex'), bytes.toString('hex').toUpperCase()]);
}

export class Secrets {
  #what = new Map();  // what it is, by fragment
  #known = new Set();

  /** `what` is for who reads that it was found. One that is shorter than a fragment can't be told from chance. */
  add(what, secret) {
    if (typeof secret !== 'string' || secret.length < length) throw new Error(`${what} is no secret that can be looked for: ${secret}`);
    if (this.#known.has(secret)) return;
    this.#known.add(secret);
    for (const form of forms(secret))
      for (let at = 0; at + length <= form.length; ++at) this.#what.set(form.slice(at, at + length), what);
  }

  get count() { return this.#known.size; }

  /** The first one in `text`: { what, around }, or undefined. */
  find(text) {
    for (let at = 0; at + length <= text.length; ++at) {
      const what = this.#what.get(text.slice(at, at + length));
      if (what) return { what, around: `…${text.slice(Math.max(0, at - 200), at)}⟦${text.slice(at, at + 60)}⟧` };
    }
    return undefined;
  }

  /** That it would be found, in each of its forms and cut to pieces. Throws where it would not. */
  prove() {
    for (const secret of this.#known) {
      const bytes = Buffer.from(`user=sales\x01auth=Bearer ${secret}\x01\x01`);
      const cut = secret.slice(Math.max(0, Math.floor(secret.length / 2) - length), Math.floor(secret.length / 2) + length);
      for (const text of [secret, bytes.toString('base64'), bytes.toString('base64url'), encodeURIComponent(secret), JSON.stringify({ secret }), bytes.toString('hex'), cut])
        if (!this.find(`before ${text} after`)) throw new Error(`a secret would not be found in ${text}`);
    }
  }
}

/** What a token endpoint is sent and answers, as an overhearing proxy heard it. */
export function addOverheard(secrets, overheard) {
  for (const { headers, request, response } of overheard) {
    const form = new URLSearchParams(/urlencoded/.test(headers['content-type'] ?? '') ? request : '');
    for (const name of ['client_secret', 'client_assertion', 'code', 'code_verifier', 'refresh_token', 'device_code'])
      if (form.has(name)) secrets.add(name, form.get(name));
    const [, credentials] = /^(?:Basic|Bearer) (\S+)$/i.exec(headers.authorization ?? '') ?? [];
    if (credentials) secrets.add('an Authorization header', credentials);
    let answer = {};
    try { answer = JSON.parse(response); } catch { /* a page */ }
    for (const name of ['access_token', 'refresh_token', 'id_token', 'device_code'])
      if (answer[name]) secrets.add(name, answer[name]);
  }
}
