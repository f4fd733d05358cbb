// The servers that a run's mail goes through, as the harness needs them: where Postroom retrieves and submits, who signs in, what a customer
// can do, and what lies where. Dovecot and Postfix are real; the lab answers as Exchange Online, and has its ways of failing.
import { setUp, startLab } from '../house.mjs';
import { domain, header, startMailServers } from '../mail-house.mjs';
import { startOpenIdProvider } from '../openid-provider.mjs';

export const bare = (messageId) => (messageId ?? '').replace(/^<|>$/g, '');

// Tokens that hardly last for one session, so that the identity provider is needed all along.
const tokenLife = 130;

/** `wire(name, to, more)` spoils what passes; `servers` are Postroom's. */
export async function realMailServers({ keep, certificates, wire, servers, customer }) {
  let toProvider;
  const provider = await keep(startOpenIdProvider({
    certificates,
    redirectUrl: `${servers[0].url}/oauth/callback`,
    wire: async (endpoint) => (toProvider = await wire('HTTPS', endpoint, { rate: 0.4 })).endpoint,
  }));
  const { dovecot, postfix, ...mail } = await startMailServers({ keep, certificates, introspection: provider.introspection, sent: true, pop3: true });
  const imap = await wire('IMAP', mail.imap, { protocol: 'imap' });
  const pop3 = await wire('POP3', mail.pop3, { protocol: 'pop3' });
  const smtp = await wire('SMTP', mail.smtp, { protocol: 'smtp' });
  await setUp(servers[0], provider);
  const idsIn = (address, folder) => dovecot.delivered(address, folder).map((raw) => bare(header(raw, 'Message-ID')));
  return {
    mailboxes: [
      { address: `sales@${domain}`, after: 'move' },
      { address: `support@${domain}`, after: 'delete' },
      { address: `alex@${domain}`, after: 'leave' },
      { address: `post@${domain}`, after: 'delete', pop3: pop3.endpoint },
    ],
    wires: [imap, pop3, smtp, toProvider],
    imap: imap.endpoint,
    smtp: smtp.endpoint,
    signIn: provider.signIn,
    accountsAreReady: () => { provider.life.accessToken = tokenLife; },
    customerWrites: (to, raw) => mail.customerWrites(to, raw, customer),
    idsIn: async (address, folder) => idsIn(address, folder),
    idsOfCustomer: async () => idsIn(customer),
    isDelivering: () => postfix.queued() > 0,
    renumber: (address, pick) => dovecot.renumber(address, pick),
  };
}

export async function labMailServers({ lab, wire, servers }) {
  const encrypted = { protocol: 'imap', trusted: lab.facts.anchor };
  const imap = await wire('IMAP', lab.facts.imap, encrypted);
  const pop3 = await wire('POP3', lab.facts.pop3, { ...encrypted, protocol: 'pop3' });
  const smtp = await wire('SMTP', lab.facts.smtp, { ...encrypted, protocol: 'smtp' });
  await setUp(servers[0], { authority: lab.facts.authority, clientId: lab.facts.client_id, clientSecret: lab.facts.client_secret });
  const idsOf = (mails) => {
    // It shows no more of them.
    if (mails.length >= 10_000) throw new Error('the lab holds more mail than it can list: run it for a shorter time');
    return mails.map((each) => bare(each['Message-ID']));
  };
  const there = (address, folder) => lab.folder(address, folder).catch((error) => {
    if (/no such mailbox or folder/.test(error.message)) return [];  // nothing was moved yet
    throw error;
  });
  return {
    lab,
    mailboxes: [
      { address: `sales@${domain}`, after: 'move' },
      { address: `support@${domain}`, after: 'delete' },
      { address: `alex@${domain}`, after: 'leave' },
      { address: `post@${domain}`, after: 'delete', pop3: pop3.endpoint },
    ],
    wires: [imap, pop3, smtp],
    imap: imap.endpoint,
    smtp: smtp.endpoint,
    signIn: lab.signIn,
    accountsAreReady: () => lab.api('settings', { access_token_life_s: tokenLife }),
    customerWrites: (to, raw) => lab.mail(to, raw),
    idsIn: async (address, folder) => idsOf(await there(address, folder)),
    idsOfCustomer: async () => idsOf(await lab.api('outside')),
    isDelivering: () => false,
  };
}

/** The tenant that labMailServers() needs. */
export const startFaultyLab = () => startLab({ tenant: { users: [{ upn: `post@${domain}`, password: 'Postroom-2026' }] } });
