// What only Exchange Online and Entra do, as the lab plays it: once or twice, to everybody or to one mailbox. Nothing here is a refusal for
// good, and nothing that no client could tell from mail that was deleted.
const passing = {
  'imap-throttled': (its) => String(its.magnitude(100, 1_500)),
  'imap-unavailable': undefined,
  'imap-token-expired': undefined,
  'imap-cut-literal': (its) => String(its.magnitude(1, 20_000)),
  'imap-fetch-empty': undefined,
  'imap-late-mail': undefined,
  'pop3-unavailable': undefined,
  'pop3-cut-mail': (its) => String(its.magnitude(1, 20_000)),
  'pop3-retrieval-refused': undefined,
  'pop3-deletion-refused': undefined,
  'pop3-lost-before-deleting': undefined,
  'pop3-lost-after-deleting': undefined,
  'pop3-list-reordered': undefined,
  'pop3-list-empty': undefined,
  'smtp-connections': undefined,
  'smtp-temporary': (its) => its.pick(['auth', 'mail', 'rcpt', 'data']),
  'smtp-lost-before-accepting': undefined,
  'smtp-lost-after-accepting': undefined,
  'token-busy': () => '1',
  'token-unavailable': () => '1',
  'token-html': undefined,
};

export function labFaults(campaign, { mail: { lab }, mailboxes }, every) {
  for (const protocol of ['imap', 'pop3', 'smtp', 'token']) {
    const ids = Object.keys(passing).filter((id) => id.startsWith(protocol));
    campaign.repeat({
      name: `lab's ${protocol}`,
      lane: `lab ${protocol}`,
      every,
      async inject(its) {
        const [id, scope, times] = [its.pick(ids), its.chance(0.5) ? its.pick(mailboxes).address : '', its.between(1, 2)];
        const value = passing[id]?.(its);
        await lab.api('faults', { id, times, ...(scope && { scope }), ...(value && { value }) });
        campaign.count(id, scope);
        return false;
      },
      heal: () => lab.api('faults', undefined, 'DELETE'),
    });
  }
}
