// Real servers around Postroom: Dovecot and Postfix, with sign-ins looked up at an identity provider.
import { startDovecot } from './dovecot.mjs';
import { addAccount } from './house.mjs';
import { startPostfix } from './postfix.mjs';
import { deliver } from './smtp.mjs';

export const domain = 'contoso.test';

// As Exchange does, what is submitted is kept in the sender's folder of sent mail.
const keepsSent = {
  dovecot: 'lmtp_save_to_detail_mailbox = yes',
  postfix: { recipient_delimiter: '+', sender_bcc_maps: `regexp:{{/^([^@+]+)@${domain.replace('.', '\\.')}$$/ $$1+Sent@${domain}}}` },
};

/** Whom Postfix accepts and then can't deliver to: it reports that to the sender. */
export const unreachable = 'gone@example.com';
const refusesLater = {
  transport_maps: `inline:{{${unreachable}=error:5.1.1 There is no such user}}`,
  smtpd_reject_unlisted_recipient: 'no',
};

/** `keep` is the scenario's. example.com is where the customers are. With `sent`, submitted mail is found in Sent, too; with `pop3` there is that. */
export async function startMailServers({ keep, certificates, introspection, sent = false, pop3 = false }) {
  const dovecot = await keep(startDovecot({ certificates, introspection, pop3, settings: sent ? keepsSent.dovecot : '' }));
  const settings = { ...refusesLater, ...(sent && keepsSent.postfix) };
  const postfix = await keep(startPostfix({ certificates, dovecot, domains: [domain, 'example.com'], settings }));
  return {
    dovecot,
    postfix,
    imap: `localhost:${dovecot.ports.imaps}`,
    pop3: pop3 ? `localhost:${dovecot.ports.pop3s}` : undefined,
    smtp: `localhost:${postfix.ports.submission}`,
    addAccount: (server, user, more) => addAccount(server, {
      user, imap: `localhost:${dovecot.ports.imaps}`, smtp: `localhost:${postfix.ports.submission}`, ...more,
    }),
    /** A customer's mail from the outside world. */
    customerWrites: (to, raw, from = 'customer@example.com') => deliver({ port: postfix.ports.inbound, from, to, raw }),
  };
}

/** The field of a mail, unfolded; undefined where there is none. */
export function header(raw, name) {
  const head = raw.split(/\r?\n\r?\n/, 1)[0].replace(/\r?\n[ \t]+/g, ' ');
  return new RegExp(`^${name}:[ \t]*(.*?)\r?$`, 'im').exec(head)?.[1];
}

/** The text of a mail that has one part, whatever its transfer encoding. */
export function text(raw) {
  const body = raw.slice(/\r?\n\r?\n/.exec(raw).index).trim();
  const encoding = header(raw, 'Content-Transfer-Encoding')?.toLowerCase();
  if (encoding === 'base64') return Buffer.from(body, 'base64').toString();
  if (encoding !== 'quoted-printable') return Buffer.from(body, 'latin1').toString();
  const bytes = body.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}
